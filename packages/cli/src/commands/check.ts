/** `postern check`: says everything that is wrong with any TLS server. No daemon, no question, no byte of data. */

import type { Command } from 'commander';
import { finish, parseEndpoint } from '../arguments.ts';
import { checkLines, checkReport } from '../check-report.ts';
import { composeLookout } from '../compose.ts';
import { EXIT } from '../failure.ts';
import { findHome } from '../home.ts';
import { processOutput } from '../output.ts';

interface CheckOptions {
  json?: true;
  name?: string;
  roots?: string;
  strict?: true;
}

/** Declares `postern check`. */
export function define(command: Command): void {
  finish(command, [
    'postern check mail.example.com',
    'postern check mail.example.com:8443 --json',
    'postern check 192.0.2.7:443 --name mail.example.com --roots ca.pem',
  ])
    .argument('<HOST[:PORT]>', 'the server; port 443 unless given')
    .option(
      '--roots <FILE>',
      'trust only the root CA certificates in FILE (PEM or DER), not the system’s',
    )
    .option('--name <NAME>', 'verify NAME instead of HOST')
    .option('--strict', 'count remarks as findings')
    .addHelpText(
      'after',
      '\nExits 0 if the server is SECURE, 1 if there are findings, 3 if it cannot be reached.\nOverrides given to Postern do not count here: a server that you trusted by hand is not SECURE.',
    )
    .action(run);
}

async function run(target: string, options: CheckOptions): Promise<void> {
  const { host, port } = parseEndpoint(target);
  const output = processOutput();
  const lookout = await composeLookout(findHome(), options.roots ?? null);
  try {
    const report = checkReport(
      await lookout.gate.look({
        host,
        port,
        ...(options.name === undefined ? {} : { serverName: options.name }),
      }),
    );
    if (options.json === true) output.json(report);
    else for (const line of checkLines(report, output)) output.line(line);
    const remarksCount = options.strict === true && report.remarks.length > 0;
    process.exitCode = report.verdict === 'secure' && !remarksCount ? EXIT.fine : EXIT.findings;
  } finally {
    await lookout.close();
  }
}
