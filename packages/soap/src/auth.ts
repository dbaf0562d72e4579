/** Logging in and out, and what an account is: Auth, EndSession, GetInfo (also Auth of the admin namespace). */

import {
  booleanOf,
  childOf,
  type Element,
  element,
  member,
  NAMESPACE,
  numberOf,
  pair,
  pairsOf,
  requiredNumberOf,
  requiredTextOf,
  textOf,
} from './element.ts';
import { type AccountSelector, readAccountSelector } from './envelope.ts';
import { readSignatures, type Signature, signatureElements } from './signatures.ts';

/** Which door: a user's (`urn:zimbraAccount`) or the administrator's (`urn:zimbraAdmin`). */
export type AuthDoor = 'account' | 'admin';

/** A log-in. Either a password, or an earlier token to be renewed or checked. */
export interface AuthAttempt {
  account: AccountSelector | null;
  password: string | null;
  authToken?: string | null;
  deviceId?: string | null;
}

/** What a log-in gives. `refer` names another host to go to: a client must not follow it unasked. */
export interface AuthGrant {
  authToken: string;
  lifetimeMs: number;
  refer: string | null;
  csrfToken: string | null;
}

/** Builds AuthRequest. */
export function authRequest(attempt: AuthAttempt, door: AuthDoor = 'account'): Element {
  const { account, authToken } = attempt;
  return element('AuthRequest', {
    ns: NAMESPACE[door],
    children: [
      account === null
        ? null
        : element('account', {
            form: 'unique',
            attributes: { by: account.by },
            text: account.value,
          }),
      member('password', attempt.password),
      authToken ? element('authToken', { form: 'unique', text: authToken }) : null,
      member('deviceId', attempt.deviceId),
    ],
  });
}

/** Reads AuthRequest of either door; the admin's may also say `<name>`. */
export function readAuthRequest(request: Element): AuthAttempt {
  const account = childOf(request, 'account');
  const name = textOf(request, 'account') ?? textOf(request, 'name');
  const byName: AccountSelector | null = name === null ? null : { by: 'name', value: name };
  return {
    account: account === null ? byName : readAccountSelector(account),
    password: textOf(request, 'password'),
    authToken: textOf(request, 'authToken'),
    deviceId: textOf(request, 'deviceId'),
  };
}

/** Builds AuthResponse. */
export function authResponse(grant: AuthGrant, door: AuthDoor = 'account'): Element {
  return element('AuthResponse', {
    ns: NAMESPACE[door],
    children: [
      element('authToken', { text: grant.authToken }),
      member('lifetime', grant.lifetimeMs),
      member('refer', grant.refer),
      member('csrfToken', grant.csrfToken),
      door === 'account' ? member('skin', 'harmony') : null,
    ],
  });
}

/** Reads AuthResponse. */
export function readAuthResponse(response: Element): AuthGrant {
  return {
    authToken: requiredTextOf(response, 'authToken'),
    lifetimeMs: requiredNumberOf(response, 'lifetime'),
    refer: textOf(response, 'refer'),
    csrfToken: textOf(response, 'csrfToken'),
  };
}

/** Builds EndSessionRequest; with `logOff` the token dies as well. */
export function endSessionRequest(logOff: boolean): Element {
  return element('EndSessionRequest', {
    ns: NAMESPACE.account,
    attributes: { logoff: logOff ? 1 : null },
  });
}

/** Reads EndSessionRequest. */
export function readEndSessionRequest(request: Element): { logOff: boolean } {
  return { logOff: booleanOf(request, 'logoff') };
}

/** Builds EndSessionResponse. */
export function endSessionResponse(): Element {
  return element('EndSessionResponse', { ns: NAMESPACE.account });
}

/** The parts of GetInfo that can be asked for. */
export type InfoSection = 'attrs' | 'idents' | 'mbox' | 'prefs' | 'props' | 'sigs';

/** What an account is. Parts that were not asked for are empty. */
export interface AccountInfo {
  version: string;
  id: string;
  name: string;
  /** How long the token still lives. */
  lifetimeMs: number;
  usedBytes: number | null;
  /** Largest upload, in bytes. */
  maxUploadBytes: number | null;
  soapUrl: string | null;
  publicUrl: string | null;
  attributes: readonly (readonly [string, string])[];
  preferences: readonly (readonly [string, string])[];
  signatures: readonly Signature[];
}

/** Builds GetInfoRequest; without sections the server sends all of them. */
export function getInfoRequest(sections: readonly InfoSection[] = []): Element {
  return element('GetInfoRequest', {
    ns: NAMESPACE.account,
    attributes: { sections: sections.length === 0 ? null : sections.join(',') },
  });
}

/** Reads GetInfoRequest; an empty set means all sections. */
export function readGetInfoRequest(request: Element): { sections: ReadonlySet<string> } {
  const sections = textOf(request, 'sections');
  return { sections: new Set(sections ? sections.split(',').map((one) => one.trim()) : []) };
}

/** Builds GetInfoResponse. */
export function getInfoResponse(info: AccountInfo): Element {
  return element('GetInfoResponse', {
    ns: NAMESPACE.account,
    attributes: { attSizeLimit: info.maxUploadBytes },
    children: [
      member('version', info.version),
      member('id', info.id),
      member('name', info.name),
      member('lifetime', info.lifetimeMs),
      member('used', info.usedBytes),
      element('prefs', {
        form: 'unique',
        children: info.preferences.map(([key, value]) => pair(key, value, 'pref', 'name')),
      }),
      element('attrs', {
        form: 'unique',
        children: info.attributes.map(([key, value]) => pair(key, value, 'attr', 'name')),
      }),
      element('signatures', { form: 'unique', children: signatureElements(info.signatures) }),
      member('soapURL', info.soapUrl),
      member('publicURL', info.publicUrl),
    ],
  });
}

/** Reads GetInfoResponse. */
export function readGetInfoResponse(response: Element): AccountInfo {
  const attributes = childOf(response, 'attrs');
  const preferences = childOf(response, 'prefs');
  const signatures = childOf(response, 'signatures');
  return {
    version: textOf(response, 'version') ?? '',
    id: requiredTextOf(response, 'id'),
    name: requiredTextOf(response, 'name'),
    lifetimeMs: requiredNumberOf(response, 'lifetime'),
    usedBytes: numberOf(response, 'used'),
    maxUploadBytes: numberOf(response, 'attSizeLimit'),
    soapUrl: textOf(response, 'soapURL'),
    publicUrl: textOf(response, 'publicURL'),
    attributes: attributes === null ? [] : pairsOf(attributes, 'attr', 'name'),
    preferences: preferences === null ? [] : pairsOf(preferences, 'pref', 'name'),
    signatures: signatures === null ? [] : readSignatures(signatures),
  };
}
