/** The daemon's API as functions: the one place in the command line that knows its paths. */

import type {
  FolderReport,
  GalReport,
  HostEvent,
  MessageDetail,
  MessageSummary,
  OutboxReport,
  Profile,
  ProfileDraft,
  RootReport,
  SendReceiveReport,
  StatusReport,
  StopTrustingReport,
  TrustReport,
  UnreadableProfile,
} from '@postern/connector';
import { type Endpoint, type TrustAnswer, type TrustInterval, toPem } from '@postern/trust';
import type { Control } from './control.ts';
import { ControlError } from './failure.ts';
import type { AnswerTaken } from './terminal/ask.ts';

/** The daemon, as a front end speaks to it. Every function throws ControlError with the daemon's code. */
export interface ConnectorClient {
  status(): Promise<StatusReport>;
  /** The one-time address of the desk. */
  deskAddress(profile: string | null): Promise<string>;
  /** A file of this user's that leads a browser there. */
  deskFile(profile: string | null): Promise<string>;
  /** The event stream. `canAnswer` attaches a front end that can show questions. */
  events(canAnswer: boolean, signal: AbortSignal): AsyncIterable<HostEvent>;
  answer(questionId: string, answer: TrustAnswer): Promise<AnswerTaken>;

  trusted(): Promise<readonly TrustReport[]>;
  stopTrusting(endpoint: Endpoint): Promise<StopTrustingReport>;
  /** Null if the server is SECURE and there was nothing to allow. */
  addTrust(
    endpoint: Endpoint,
    sha256: string,
    interval: TrustInterval,
  ): Promise<TrustReport | null>;

  roots(): Promise<readonly RootReport[]>;
  addRoot(serverName: string, certificate: Uint8Array, sha256: string): Promise<RootReport>;
  removeRoot(sha256: string, serverName: string | null): Promise<void>;

  /** All profiles, and beside them those whose file cannot be read. */
  profiles(): Promise<KnownProfiles>;
  profile(name: string): Promise<Profile>;
  createProfile(draft: ProfileDraft): Promise<Profile>;
  /** From a legacy profile's text; what was dropped is in the notices. */
  importProfile(legacy: string): Promise<{ profile: Profile; notices: readonly string[] }>;
  changeProfile(name: string, change: Record<string, unknown>): Promise<Profile>;
  removeProfile(name: string): Promise<void>;
  setPassword(name: string, password: string): Promise<void>;
  /** A person's Send/Receive: resolves when done, or when a person must decide. */
  sendReceive(name: string): Promise<SendReceiveReport>;
  workOffline(name: string, on: boolean): Promise<void>;

  folders(name: string): Promise<readonly FolderReport[]>;
  messages(
    name: string,
    about: { folderId: number | null; limit: number },
  ): Promise<readonly MessageSummary[]>;
  message(name: string, id: number): Promise<MessageDetail>;
  rawMessage(name: string, id: number): Promise<Buffer>;
  gal(name: string, query: string, limit: number): Promise<readonly GalReport[]>;
  outbox(name: string): Promise<readonly OutboxReport[]>;
  /** Resolves with the message's id when it is in the durable outbox. */
  send(name: string, raw: Uint8Array): Promise<string>;
}

/** The profiles of this user. */
export interface KnownProfiles {
  profiles: readonly Profile[];
  unreadable: readonly UnreadableProfile[];
}

/** The daemon's answers are of this version of Postern, as the command line is: they are taken for what they say. */
export function connectorClient(control: Control): ConnectorClient {
  async function read<T>(path: string): Promise<T> {
    return (await control.request('GET', path)) as T;
  }
  async function post<T>(path: string, json: unknown): Promise<T> {
    return (await control.request('POST', path, { json })) as T;
  }
  const at = (name: string): string => `/api/profiles/${encodeURIComponent(name)}`;

  return {
    status: () => read('/api/status'),
    deskAddress: async (profile) =>
      (await post<{ url: string }>('/api/desk', { profile, as: 'address' })).url,
    deskFile: async (profile) =>
      (await post<{ file: string }>('/api/desk', { profile, as: 'file' })).file,
    async *events(canAnswer, signal) {
      const path = canAnswer ? '/api/events?front=terminal' : '/api/events';
      for await (const event of control.events(path, signal)) yield event as HostEvent;
    },
    async answer(questionId, answer) {
      try {
        const taken = await post<{ kind: 'granted' | 'refused'; override?: TrustReport }>(
          `/api/trust/${encodeURIComponent(questionId)}`,
          answer,
        );
        return taken.kind === 'refused'
          ? { kind: 'refused' }
          : { kind: 'granted', until: taken.override?.expiresAt ?? '' };
      } catch (error) {
        // Whatever the gate did not take is told by its reason; the question stays open.
        if (error instanceof ControlError && !error.code.startsWith('ERR_')) {
          return { kind: 'rejected', why: error.code };
        }
        throw error;
      }
    },

    trusted: () => read('/api/trust'),
    stopTrusting: (endpoint) => post('/api/trust/stop', endpoint),
    async addTrust({ host, port }, sha256, interval) {
      const added = await post<{ override: TrustReport | null }>('/api/trust/add', {
        host,
        port,
        sha256,
        interval,
      });
      return added.override;
    },

    roots: () => read('/api/roots'),
    addRoot(serverName, certificate, sha256) {
      const text = Buffer.from(certificate).toString('latin1');
      const pem = text.includes('-----BEGIN') ? text : toPem(certificate);
      return post('/api/roots', { serverName, certificate: pem, sha256 });
    },
    async removeRoot(sha256, serverName) {
      const query = serverName === null ? '' : `?serverName=${encodeURIComponent(serverName)}`;
      await control.request('DELETE', `/api/roots/${encodeURIComponent(sha256)}${query}`);
    },

    async profiles() {
      type Entry = { profile: Profile } | { profile: null; unreadable: UnreadableProfile };
      const all = await read<readonly Entry[]>('/api/profiles');
      return {
        profiles: all.flatMap(({ profile }) => profile ?? []),
        unreadable: all.flatMap((entry) => (entry.profile === null ? entry.unreadable : [])),
      };
    },
    profile: async (name) => (await read<{ profile: Profile }>(at(name))).profile,
    createProfile: async (draft) =>
      (await post<{ profile: Profile }>('/api/profiles', draft)).profile,
    importProfile: (legacy) => post('/api/profiles', { legacy }),
    async changeProfile(name, change) {
      const changed = await control.request('PATCH', at(name), { json: change });
      return (changed as { profile: Profile }).profile;
    },
    async removeProfile(name) {
      await control.request('DELETE', at(name));
    },
    async setPassword(name, password) {
      await post(`${at(name)}/password`, { password });
    },
    sendReceive: (name) => post(`${at(name)}/send-receive`, {}),
    async workOffline(name, on) {
      await post(`${at(name)}/work-offline`, { on });
    },

    folders: (name) => read(`${at(name)}/folders`),
    messages(name, { folderId, limit }) {
      const folder = folderId === null ? '' : `&folder=${folderId}`;
      return read(`${at(name)}/messages?limit=${limit}${folder}`);
    },
    message: (name, id) => read(`${at(name)}/messages/${id}`),
    rawMessage: (name, id) => control.bytes(`${at(name)}/messages/${id}/raw`),
    gal: (name, query, limit) =>
      read(`${at(name)}/gal?limit=${limit}&query=${encodeURIComponent(query)}`),
    outbox: (name) => read(`${at(name)}/outbox`),
    async send(name, raw) {
      return ((await control.request('POST', `${at(name)}/outbox`, { raw })) as { id: string }).id;
    },
  };
}
