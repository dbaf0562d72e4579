/** What policy fixes, at the daemon's API: shown locked, with where it stands. */

import type { Policy, PolicyLayer } from '@postern/trust';
import type { FixedSetting, PolicyReport } from '../api.ts';
import { excerpt } from '../text.ts';
import type { HostOptions } from './host.ts';
import type { Route } from './routes.ts';

/** Files of the layers that are read on this computer; null for one that is not. */
export type PolicyFiles = Readonly<Record<Exclude<PolicyLayer, 'default'>, string | null>>;

/** Longest reason that is told, in characters: it names the file, the key and what is allowed. */
const REASON_LENGTH = 1000;

/** The route `/api/policy`. */
export function policyRoutes({ policy, policyFiles }: HostOptions): readonly Route[] {
  function report(): PolicyReport {
    const state = policy.current();
    if (state.kind === 'unreadable') {
      const message = excerpt(state.reason, REASON_LENGTH);
      return { state: 'unreadable', message, fixed: {}, supportText: null };
    }
    const fixed: Record<string, FixedSetting> = {};
    for (const field of Object.keys(state.origin) as (keyof Policy)[]) {
      const layer = state.origin[field];
      const value = settingOf(state.policy, field);
      if (layer === 'default' || value === null) continue;
      fixed[field] = { value, source: policyFiles[layer] ?? layer };
    }
    return { state: 'readable', message: null, fixed, supportText: state.policy.supportText };
  }

  return [{ method: 'GET', path: '/api/policy', run: report }];
}

/** What can be shown in one line. Of certificates, keys and files it is said how many there are. */
function settingOf(policy: Policy, field: keyof Policy): FixedSetting['value'] | null {
  if (field === 'trustOverrideHosts') return policy[field].join(', ');
  const value = policy[field];
  return value === null || typeof value !== 'object' ? value : value.length;
}
