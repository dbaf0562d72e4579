/** Looking at servers at the daemon's API: before Use Secure Connection is ticked, and at the first run. */

import { hostname } from 'node:os';
import { normaliseServerName } from '@postern/trust';
import { discoverServer } from '../discover.ts';
import { lookAtServer } from '../look.ts';
import { mailDomainOf } from '../mail-domain.ts';
import { type Exchange, HostError, integerField, readObject, textField } from './exchange.ts';
import type { HostOptions } from './host.ts';
import { answerLines, lineOf } from './lines.ts';
import type { Route } from './routes.ts';

/** The routes `/api/look` and `/api/discover`. */
export function lookRoutes({ gate, clock }: Pick<HostOptions, 'clock' | 'gate'>): readonly Route[] {
  async function lines(
    { response }: Exchange,
    make: (signal: AbortSignal) => AsyncIterable<unknown>,
  ): Promise<void> {
    await answerLines(response, async function* (signal) {
      for await (const line of make(signal)) yield lineOf(line);
    });
  }

  async function look(exchange: Exchange): Promise<void> {
    const body = await readObject(exchange.request);
    const server = {
      host: normaliseServerName(textField(body, 'host')),
      port: integerField(body, 'port', 1, 65_535),
      httpPort: integerField(body, 'httpPort', 1, 65_535),
    };
    await lines(exchange, (signal) => lookAtServer({ gate, clock, signal }, server));
  }

  async function discover(exchange: Exchange): Promise<void> {
    const mailDomain = mailDomainOf(textField(await readObject(exchange.request), 'email'));
    if (mailDomain === null) {
      const message = '"email" must be an address such as "anna@example.com"';
      throw new HostError(400, 'ERR_BODY_INVALID', message);
    }
    const about = { mailDomain, computerName: hostname() };
    await lines(exchange, (signal) => discoverServer({ gate, clock, signal }, about));
  }

  return [
    { method: 'POST', path: '/api/look', run: look },
    { method: 'POST', path: '/api/discover', run: discover },
  ];
}
