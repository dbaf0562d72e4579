/** Finds the route for a request; a `*` in a path stands for one segment. */

import type { Exchange } from './exchange.ts';

/** One method of one path. What `run` gives is answered as JSON, undefined means that it answered by itself. */
export interface Route {
  method: 'DELETE' | 'GET' | 'PATCH' | 'POST';
  path: string;
  /** Status of a good answer; default 200. */
  status?: number;
  run(exchange: Exchange): unknown;
}

/** The route and what its placeholders stand for, or why there is none. */
export type Found = { route: Route; params: readonly string[] } | 'no-method' | 'no-path';

/** The first route that fits wins. */
export function findRoute(routes: readonly Route[], method: string, path: string): Found {
  let isPathKnown = false;
  for (const route of routes) {
    const params = match(route.path, path);
    if (params === null) continue;
    if (route.method === method) return { route, params };
    isPathKnown = true;
  }
  return isPathKnown ? 'no-method' : 'no-path';
}

function match(pattern: string, path: string): readonly string[] | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const one = given[index] ?? '';
    if (segment === '*' && one !== '') params.push(decodeSegment(one));
    else if (segment !== one) return null;
  }
  return params;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
