/** Where the built page is, for whoever serves it. */

import { fileURLToPath } from 'node:url';

/** Folder of the page; absent or empty until it is built (`npm run build -w packages/desk`). */
export const pageFolder = fileURLToPath(new URL('./dist/', import.meta.url));
