/** `npm run bench -- [NAME...] [--json] [--quick]`: the benchmarks, side by side with what people would pick instead. */

import { join } from 'node:path';
import { prepare, root, run } from './setup.js';

const node = prepare();
const env = { ...process.env };
// A bench verifies against its own root; a root of the environment would change what is measured.
for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR']) delete env[name];
process.exitCode = run(node, [join(root, 'bench', 'main.ts'), ...process.argv.slice(2)], { env });
