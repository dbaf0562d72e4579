/** Builds the page: one script, one style sheet, names with hashes, nothing inlined (the desk's CSP allows no inline script or style). */

import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // Nothing of the machine that builds goes into the page.
  envPrefix: 'POSTERN_DESK_',
  logLevel: 'warn',
});
