/** What the engine's tests stand on: the real server over real TLS, the real gate, and askers with honest names. */

import fs from 'node:fs/promises';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { createAccount, createServer, type Server } from '@postern/server';
import {
  type Anchors,
  type Asker,
  type Clock,
  createGate,
  createMemoryOverrides,
  fixedAnchors,
  fixedPolicy,
  type Gate,
  type GateEvent,
  type Overrides,
  type PolicySource,
  systemClock,
  type TrustQuestion,
} from '@postern/trust';
import { createEngine, type Engine, type EngineEvent } from '../src/engine.ts';
import { checkProfile, type Profile } from '../src/profile.ts';
import { afterwards, temporaryFolder } from './temporary.ts';

export const SERVER_NAME = 'mail.example.test';
export const ACCOUNT = 'anna@example.test';
export const PASSWORD = 'correct horse battery';

/** A running server with one account, stopped after the test. */
export interface MailServer {
  server: Server;
  home: string;
  port: number;
  /** PEM of its own authority. */
  authority: string;
}

/** Starts the server on free ports of 127.0.0.1. */
export async function mailServer(t: TestContext): Promise<MailServer> {
  const home = path.join(await temporaryFolder(t), 'server');
  const server = createServer({
    home,
    ports: { https: 0, http: 0, admin: 0 },
    hostName: SERVER_NAME,
  });
  await createAccount({ home, name: ACCOUNT, password: PASSWORD, displayName: 'Anna' });
  await server.start();
  afterwards(t, () => server.stop());
  const port = server.addresses?.https?.port ?? 0;
  const authority = await fs.readFile(path.join(home, 'ssl', 'zimbra', 'ca', 'ca.pem'), 'utf8');
  return { server, home, port, authority };
}

/** Authorizes what is drawn for one day; keeps the questions. */
export function authorizesForOneDay(): Asker & { questions: TrustQuestion[] } {
  const questions: TrustQuestion[] = [];
  return {
    questions,
    ask: async (question) => {
      questions.push(question);
      const { leafSha256 } = question;
      return { kind: 'authorizeConnections', leafSha256, interval: '1d', typedFingerprint: null };
    },
  };
}

/** Says no to everything; keeps the questions. */
export function alwaysRefuses(): Asker & { questions: TrustQuestion[] } {
  const questions: TrustQuestion[] = [];
  return {
    questions,
    ask: async (question) => {
      questions.push(question);
      return { kind: 'workOffline' };
    },
  };
}

/** Nobody is there to be asked. */
export const nobody: Asker = { ask: async () => null };

export interface Stage {
  engine: Engine;
  gate: Gate;
  overrides: Overrides;
  gateEvents: GateEvent[];
  events: EngineEvent[];
  folder: string;
  /** Profiles that the engine wanted to be saved. */
  saved: Profile[];
  lines: string[];
}

export interface StageOptions {
  port: number;
  ask?: Asker;
  /** PEM of roots that are installed. */
  roots?: readonly string[];
  /** Instead of `roots`. */
  anchors?: Anchors;
  policy?: PolicySource;
  /** Given to the engine; null while it is not known. */
  password?: () => string | null;
  profile?: Partial<Profile>;
  clock?: Clock;
  folder?: string;
}

/** An engine with a gate of its own; stopped after the test. */
export async function stage(t: TestContext, options: StageOptions): Promise<Stage> {
  const clock = options.clock ?? systemClock;
  const gateEvents: GateEvent[] = [];
  const overrides = createMemoryOverrides();
  const gate = createGate({
    anchors: options.anchors ?? fixedAnchors(options.roots ?? []),
    overrides,
    policy: options.policy ?? fixedPolicy(),
    ask: options.ask ?? nobody,
    clock,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    log: (event) => gateEvents.push(event),
  });
  const folder = options.folder ?? (await temporaryFolder(t));
  const saved: Profile[] = [];
  const lines: string[] = [];
  const engine = await createEngine({
    gate,
    profile: checkProfile(
      {
        name: 'work',
        email: ACCOUNT,
        serverName: SERVER_NAME,
        port: options.port,
        useSecureConnection: true,
        ...options.profile,
      },
      'test',
    ),
    folder,
    password: options.password ?? (() => PASSWORD),
    clock,
    version: '0.1.0',
    onProfileChanged: (profile) => saved.push(profile),
    log: (line) => lines.push(line),
  });
  const events: EngineEvent[] = [];
  engine.subscribe((event) => events.push(event));
  afterwards(t, async () => {
    await engine.stop();
    await gate.close();
  });
  return { engine, gate, overrides, gateEvents, events, folder, saved, lines };
}

/** Resolves as soon as the engine's state fits; every change is looked at. */
export function until(engine: Engine, isSo: () => boolean | Promise<boolean>): Promise<void> {
  return new Promise((resolve, reject) => {
    let isLooking = false;
    let again = false;
    const look = async (): Promise<void> => {
      again = true;
      if (isLooking) return;
      isLooking = true;
      while (again) {
        again = false;
        if (await isSo()) {
          unsubscribe();
          resolve();
          return;
        }
      }
      isLooking = false;
    };
    const unsubscribe = engine.subscribe(() => void look().catch(reject));
    look().catch(reject);
  });
}

/** The activities of the eight, by purpose. */
export function activities(engine: Engine): Record<string, string> {
  return Object.fromEntries(
    engine.report().connections.map(({ purpose, activity }) => [purpose, activity]),
  );
}
