/**
 * `npm start`: the daemon, the server on this machine with a sample mailbox, and the profile `demo`.
 * `npm start -- --server NAME --user ADDRESS` is the same with one's own server and no sample.
 */

import { join } from 'node:path';
import { prepare, root, run } from './setup.js';

const args = process.argv.slice(2);
const hasOwnServer = args.some((arg) => arg === '--server' || arg.startsWith('--server='));
const node = prepare();
const command = join(root, 'packages', 'cli', 'bin', 'postern.js');
process.exitCode = run(node, [command, 'start', ...(hasOwnServer ? [] : ['--demo']), ...args]);
