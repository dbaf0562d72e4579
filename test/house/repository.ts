/** The repository as the house rules see it: its files, and its sources without comments. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder that holds everything. */
export const repoRoot = path.resolve(import.meta.dirname, '..', '..');

const NOT_OURS = new Set(['.cache', '.git', 'dist', 'node_modules']);

/** Every file of the repository, as paths from its root with `/`; what git ignores is left out. */
export function repositoryFiles(folder = ''): string[] {
  return readdirSync(path.join(repoRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (NOT_OURS.has(entry.name) || /\.(tgz|tsbuildinfo)$/.test(entry.name)) return [];
    return entry.isDirectory() ? repositoryFiles(name) : [name];
  });
}

/** A file's text. */
export function textOf(file: string): string {
  return readFileSync(path.join(repoRoot, file), 'utf8');
}

/** The TypeScript files under `packages/<name>/<part>`. */
export function packageSources(part: 'src' | 'test'): string[] {
  return repositoryFiles('packages').filter((file) =>
    new RegExp(`^packages/[^/]+/${part}/.*\\.tsx?$`).test(file),
  );
}

/** The lines of a formatted source that are code: comment lines and comments at the end of a line are blanked. */
export function codeLines(text: string): string[] {
  let inBlock = false;
  return text.split('\n').map((line) => {
    const start = line.trimStart();
    if (inBlock || start.startsWith('/*')) {
      inBlock = !line.includes('*/');
      return inBlock ? '' : line.slice(line.indexOf('*/') + 2);
    }
    if (start.startsWith('//')) return '';
    return line.replace(/\s\/\/ .*$/, '');
  });
}

/** One import: what it names and whether only types are taken. */
export interface Import {
  specifier: string;
  typeOnly: boolean;
}

/** Everything that a source imports, re-exports or loads by `import()`. */
export function importsOf(text: string): Import[] {
  const code = codeLines(text).join('\n');
  const statements = /^(?:import|export)\s(type\s)?[^;'"]*?from\s+['"]([^'"]+)['"]/gm;
  const found = [...code.matchAll(statements)].map(([, type, specifier = '']) => ({
    specifier,
    typeOnly: type !== undefined,
  }));
  const others = [/^import\s+['"]([^'"]+)['"]/gm, /\bimport\(\s*['"]([^'"]+)['"]/g];
  for (const pattern of others) {
    for (const [, specifier = ''] of code.matchAll(pattern)) {
      found.push({ specifier, typeOnly: false });
    }
  }
  return found;
}
