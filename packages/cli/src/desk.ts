/** The desk, as commands open it: a one-time address from the daemon, and how it gets to a browser. */

import type { ConnectorClient } from './connector-client.ts';
import { CommandFailure, ControlError, EXIT, failureOf } from './failure.ts';
import { hasDisplay } from './home.ts';
import { openInBrowser } from './open-browser.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';
import { isPersonThere } from './terminal/ask.ts';

/** Opens the desk; resolves with false where there is no browser. Throws CommandFailure ERR_DESK_NOT_BUILT. */
export async function openDesk(client: ConnectorClient, profile: string | null): Promise<boolean> {
  if (!hasDisplay()) return false;
  return openInBrowser(await told(client.deskFile(profile)));
}

/** The one-time address, to be printed. Throws CommandFailure ERR_DESK_NOT_BUILT. */
export function printDesk(client: ConnectorClient, profile: string | null): Promise<string> {
  return told(client.deskAddress(profile));
}

/**
 * Opens the desk for a person at this terminal, and says so in one line; where that cannot be done it
 * says how. The terminal goes on without it whatever happens.
 */
export async function offerDesk(
  client: ConnectorClient,
  profile: string | null,
  output: Output,
): Promise<void> {
  try {
    const isOpen = isPersonThere() && (await openDesk(client, profile));
    output.note(isOpen ? DESK_IS_OPEN : 'To see it in a browser: npx postern open --print');
  } catch (error) {
    output.note(`The desk cannot be opened: ${printable(failureOf(error).message)}`);
  }
}

/** Said where a browser was asked to show it. */
export const DESK_IS_OPEN = 'The desk is open in your browser.';

async function told<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof ControlError) || error.code !== 'ERR_DESK_NOT_BUILT') throw error;
    throw new CommandFailure(EXIT.cannotConnect, error.message, {
      code: error.code,
      hints: ['build it: npm run build -w packages/desk'],
      cause: error,
    });
  }
}
