import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { requireOrSkip } from '../../../test/require.ts';
import { StoreError } from '../src/errors.ts';
import {
  CLOCK_TOLERANCE_MS,
  createMemoryOverrides,
  type Override,
  type Overrides,
  openFileOverrides,
} from '../src/overrides.ts';
import { OWNERSHIP_IS_CHECKED } from '../src/ownership.ts';
import { tempFolder } from './temp-folder.ts';

/** 23 November 2026, 09:00 in Berlin. */
const at = new Date('2026-11-23T08:00:00Z');
const DAY_MS = 86_400_000;
const endpoint = { host: 'mail.example.test', port: 443 };

function later(ms: number): Date {
  return new Date(at.getTime() + ms);
}

function anOverride(patch: Partial<Override> = {}): Override {
  return {
    endpoint,
    leafSha256: 'ab'.repeat(32),
    leafDer: Uint8Array.of(0x30, 0),
    problems: ['self-signed@0', 'name-mismatch@0'],
    grantedAt: at,
    expiresAt: later(DAY_MS),
    fingerprintChecked: true,
    untilStop: false,
    ...patch,
  };
}

function stateAt(overrides: Overrides, now: Date): string | undefined {
  return overrides.recall(endpoint, now).override?.state;
}

/** Both implementations of the port; each test of the port runs against each. */
const stores: { how: string; open(t: TestContext): Overrides }[] = [
  {
    how: 'in memory',
    open(t) {
      const overrides = createMemoryOverrides();
      t.after(() => overrides.close());
      return overrides;
    },
  },
  {
    how: 'in a file',
    open(t) {
      const overrides = openFileOverrides(join(tempFolder(t), 'overrides.db'));
      t.after(() => overrides.close());
      return overrides;
    },
  },
];

for (const { how, open } of stores) {
  test(`${how}: what was granted is recalled as it was granted`, (t) => {
    const overrides = open(t);
    assert.deepEqual(overrides.recall(endpoint, at), { override: null, secureWith: null });
    overrides.grant(anOverride());
    assert.deepEqual(overrides.recall(endpoint, at).override, {
      value: anOverride(),
      state: 'live',
    });
    const plain = anOverride({
      leafSha256: 'plain-http',
      leafDer: null,
      problems: [],
      fingerprintChecked: false,
    });
    overrides.grant(plain);
    assert.deepEqual(overrides.list(at), [{ value: plain, state: 'live' }]);
  });

  test(`${how}: an override is not found under another host or port`, (t) => {
    const overrides = open(t);
    overrides.grant(anOverride());
    assert.equal(overrides.recall({ ...endpoint, port: 8443 }, at).override, null);
    assert.equal(overrides.recall({ ...endpoint, host: 'example.test' }, at).override, null);
  });

  test(`${how}: an override is dead from expiresAt on, inclusive`, (t) => {
    const overrides = open(t);
    overrides.grant(anOverride());
    assert.equal(stateAt(overrides, later(DAY_MS - 1)), 'live');
    assert.equal(stateAt(overrides, later(DAY_MS)), 'expired');
    assert.equal(overrides.end(endpoint, 'withdrawn', later(DAY_MS)), false);
  });

  test(`${how}: what has expired stays expired when the clock goes back by a minute`, (t) => {
    const overrides = open(t);
    overrides.grant(anOverride());
    assert.equal(stateAt(overrides, later(DAY_MS)), 'expired');
    assert.equal(stateAt(overrides, later(DAY_MS - 60_000)), 'expired');
  });

  for (const state of ['retired', 'withdrawn'] as const) {
    test(`${how}: a ${state} override is kept for the next question and never live again`, (t) => {
      const overrides = open(t);
      overrides.grant(anOverride());
      assert.equal(overrides.end(endpoint, state, at), true);
      assert.equal(overrides.end(endpoint, state, at), false);
      assert.deepEqual(overrides.recall(endpoint, at).override, { value: anOverride(), state });
      overrides.grant(anOverride({ leafSha256: 'cd'.repeat(32) }));
      assert.equal(stateAt(overrides, at), 'live');
    });
  }

  test(`${how}: a clock that goes back by up to five minutes ends nothing, and the later instant counts`, (t) => {
    const overrides = open(t);
    overrides.grant(anOverride());
    assert.equal(stateAt(overrides, later(DAY_MS - 1000)), 'live');
    assert.equal(stateAt(overrides, later(DAY_MS - 1000 - CLOCK_TOLERANCE_MS)), 'live');
    // A second override, granted by a clock that is 5 minutes slow, ends by the faster one.
    const slow = later(DAY_MS - 1000 - CLOCK_TOLERANCE_MS);
    overrides.grant(anOverride({ grantedAt: slow, expiresAt: later(DAY_MS - 1000) }));
    assert.equal(stateAt(overrides, slow), 'expired');
  });

  test(`${how}: a clock that goes back by more than five minutes ends every override, for good`, (t) => {
    const overrides = open(t);
    const other = { host: 'other.example.test', port: 443 };
    overrides.grant(anOverride());
    overrides.grant(anOverride({ endpoint: other, untilStop: true }));
    overrides.end(endpoint, 'withdrawn', at);
    overrides.grant(anOverride());
    assert.equal(stateAt(overrides, later(-CLOCK_TOLERANCE_MS - 1)), 'expired');
    assert.equal(overrides.recall(other, at).override?.state, 'expired');
    assert.equal(stateAt(overrides, later(1000)), 'expired');
  });

  test(`${how}: after the clock went back, a new grant holds by the new clock`, (t) => {
    const overrides = open(t);
    overrides.grant(anOverride());
    const before = later(-DAY_MS);
    assert.equal(stateAt(overrides, before), 'expired');
    overrides.grant(anOverride({ grantedAt: before, expiresAt: at }));
    assert.equal(stateAt(overrides, before), 'live');
    assert.equal(stateAt(overrides, later(-1)), 'live');
    assert.equal(stateAt(overrides, at), 'expired');
  });

  test(`${how}: a grant dated before the clock's mark ends the others and not itself`, (t) => {
    const overrides = open(t);
    const other = { host: 'other.example.test', port: 443 };
    overrides.grant(anOverride({ endpoint: other }));
    overrides.grant(anOverride({ grantedAt: later(-DAY_MS), expiresAt: at }));
    assert.equal(overrides.recall(other, later(-DAY_MS)).override?.state, 'expired');
    assert.equal(stateAt(overrides, later(-DAY_MS)), 'live');
  });

  test(`${how}: the certificate with which an endpoint was secure is remembered until it is forgotten`, (t) => {
    const overrides = open(t);
    const leaf = { sha256: '11'.repeat(32), der: Uint8Array.of(1), spkiSha256: '22'.repeat(32) };
    const remembered = { leafSha256: leaf.sha256, leafDer: leaf.der, spkiSha256: leaf.spkiSha256 };
    overrides.rememberSecure(endpoint, leaf, at);
    overrides.rememberSecure(endpoint, leaf, later(60_000));
    assert.deepEqual(overrides.recall(endpoint, at).secureWith, { ...remembered, at });
    overrides.rememberSecure(endpoint, leaf, later(DAY_MS));
    assert.deepEqual(overrides.recall(endpoint, later(DAY_MS)).secureWith, {
      ...remembered,
      at: later(DAY_MS),
    });
    assert.equal(overrides.recall({ ...endpoint, port: 8443 }, later(DAY_MS)).secureWith, null);
    overrides.forgetSecure(endpoint);
    assert.equal(overrides.recall(endpoint, later(DAY_MS)).secureWith, null);
  });

  test(`${how}: another leaf replaces the remembered one at once`, (t) => {
    const overrides = open(t);
    overrides.rememberSecure(
      endpoint,
      { sha256: '11', der: Uint8Array.of(1), spkiSha256: '22' },
      at,
    );
    overrides.rememberSecure(
      endpoint,
      { sha256: '33', der: Uint8Array.of(3), spkiSha256: '44' },
      later(1),
    );
    assert.equal(overrides.recall(endpoint, at).secureWith?.leafSha256, '33');
  });

  test(`${how}: the latest instant is remembered when the clock has gone back`, (t) => {
    const overrides = open(t);
    const leaf = { sha256: '11', der: Uint8Array.of(1), spkiSha256: '22' };
    assert.equal(overrides.latest(), null);
    overrides.recall(endpoint, at);
    assert.deepEqual(overrides.latest(), at);
    overrides.rememberSecure(endpoint, leaf, later(DAY_MS));
    overrides.recall(endpoint, later(-DAY_MS));
    assert.deepEqual(overrides.latest(), later(DAY_MS));
  });

  test(`${how}: closing twice is allowed`, (t) => {
    const overrides = open(t);
    overrides.close();
    overrides.close();
  });
}

test('a grant and its end are there when the file is opened again', (t) => {
  const path = join(tempFolder(t), 'overrides.db');
  const first = openFileOverrides(path);
  first.grant(anOverride());
  first.close();
  const second = openFileOverrides(path);
  assert.deepEqual(second.recall(endpoint, at).override, { value: anOverride(), state: 'live' });
  second.end(endpoint, 'withdrawn', at);
  second.close();
  const third = openFileOverrides(path);
  assert.equal(stateAt(third, at), 'withdrawn');
  third.close();
});

test('an override until Postern stops is over for every other store, and others can withdraw it', (t) => {
  const path = join(tempFolder(t), 'overrides.db');
  const daemon = openFileOverrides(path);
  const other = openFileOverrides(path);
  t.after(() => other.close());
  daemon.grant(anOverride({ untilStop: true }));
  assert.equal(stateAt(daemon, at), 'live');
  assert.equal(stateAt(other, at), 'expired');
  assert.equal(other.end(endpoint, 'withdrawn', at), false);
  assert.equal(stateAt(daemon, at), 'withdrawn');
  daemon.grant(anOverride({ untilStop: true }));
  assert.equal(stateAt(daemon, later(DAY_MS)), 'expired');
  daemon.grant(
    anOverride({ untilStop: true, grantedAt: later(DAY_MS), expiresAt: later(2 * DAY_MS) }),
  );
  daemon.close();
  const restarted = openFileOverrides(path);
  assert.equal(stateAt(restarted, later(DAY_MS)), 'expired');
  restarted.close();
});

test('what has expired stays expired after a restart with a clock that is a minute slower', (t) => {
  const path = join(tempFolder(t), 'overrides.db');
  const before = openFileOverrides(path);
  before.grant(anOverride());
  assert.equal(stateAt(before, later(DAY_MS - 30_000)), 'live');
  assert.equal(stateAt(before, later(DAY_MS)), 'expired');
  before.close();
  const after = openFileOverrides(path);
  assert.equal(stateAt(after, later(DAY_MS - 60_000)), 'expired');
  after.close();
});

test('a clock that went back while no process ran ends every override', (t) => {
  const path = join(tempFolder(t), 'overrides.db');
  const before = openFileOverrides(path);
  before.grant(anOverride());
  assert.equal(stateAt(before, later(3_600_000)), 'live');
  before.close();
  const after = openFileOverrides(path);
  assert.equal(stateAt(after, later(1_800_000)), 'expired');
  after.close();
});

test('a restart of the clock that another process noticed does not end what was granted since', (t) => {
  const path = join(tempFolder(t), 'overrides.db');
  const [one, two] = [openFileOverrides(path), openFileOverrides(path)];
  t.after(() => {
    one.close();
    two.close();
  });
  one.grant(anOverride());
  assert.equal(stateAt(one, later(30_000)), 'live');
  const before = later(-DAY_MS);
  assert.equal(stateAt(two, before), 'expired');
  two.grant(anOverride({ grantedAt: before, expiresAt: at }));
  assert.equal(stateAt(one, before), 'live');
});

test('a withdrawal by another store is seen by the next recall', (t) => {
  const path = join(tempFolder(t), 'overrides.db');
  const [one, two] = [openFileOverrides(path), openFileOverrides(path)];
  t.after(() => {
    one.close();
    two.close();
  });
  one.grant(anOverride());
  assert.equal(two.end(endpoint, 'withdrawn', at), true);
  assert.equal(stateAt(one, at), 'withdrawn');
});

test('the file is created with mode 0600 in a folder of mode 0700, its journal too', (t) => {
  if (!requireOrSkip(t, OWNERSHIP_IS_CHECKED, 'a system with modes', 'run it on Linux or macOS'))
    return;
  const folder = join(tempFolder(t), 'home');
  const path = join(folder, 'overrides.db');
  const overrides = openFileOverrides(path);
  overrides.grant(anOverride());
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(`${path}-journal`).mode & 0o777, 0o600);
  overrides.close();
});

function throwsStoreError(work: () => unknown, code: string, message: RegExp): StoreError {
  let caught: unknown;
  try {
    work();
  } catch (error) {
    caught = error;
  }
  assert.ok(caught instanceof StoreError, `no StoreError but ${caught}`);
  assert.equal(caught.code, code);
  assert.match(caught.message, message);
  return caught;
}

for (const which of ['', '-journal', '-wal', '-shm']) {
  test(`a file overrides.db${which} that others can write to is refused`, (t) => {
    if (!requireOrSkip(t, OWNERSHIP_IS_CHECKED, 'a system with modes', 'run it on Linux or macOS'))
      return;
    const path = join(tempFolder(t), 'overrides.db');
    openFileOverrides(path).close();
    writeFileSync(path + which, which === '' ? readFileSync(path) : '');
    chmodSync(path + which, 0o660);
    throwsStoreError(
      () => openFileOverrides(path),
      'ERR_STORE_UNSAFE',
      /mode 0660: other users can write to it/,
    );
  });
}

test('a file in a folder that others can write to is refused and nothing is created', (t) => {
  if (!requireOrSkip(t, OWNERSHIP_IS_CHECKED, 'a system with modes', 'run it on Linux or macOS'))
    return;
  const folder = join(tempFolder(t), 'shared');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const path = join(folder, 'overrides.db');
  throwsStoreError(() => openFileOverrides(path), 'ERR_STORE_UNSAFE', /folder .* has mode 0777/);
  assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
});

test('a file of a newer version is refused with both versions and left as it is', (t) => {
  const path = join(tempFolder(t), 'overrides.db');
  openFileOverrides(path).close();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 7');
  database.close();
  const before = readFileSync(path);
  const error = throwsStoreError(
    () => openFileOverrides(path),
    'ERR_STORE_VERSION',
    /has schema version 7, this program knows 1$/,
  );
  assert.deepEqual(error.version, { found: 7, supported: 1 });
  assert.deepEqual(readFileSync(path), before);
});

/** Spoils a good file in one way. */
const damages: { name: string; damage(path: string): void; message: RegExp }[] = [
  {
    name: 'text',
    damage: (path) =>
      writeFileSync(path, 'not a database, but long enough to be looked at as one'.repeat(20)),
    message: /is damaged: file is not a database/,
  },
  {
    name: 'a file whose middle was overwritten',
    damage(path) {
      const bytes = readFileSync(path);
      bytes.fill(0x5a, 4096, 4096 + 4096);
      writeFileSync(path, bytes);
    },
    message: /is damaged: /,
  },
  {
    name: 'a file cut to its first page',
    damage: (path) => writeFileSync(path, readFileSync(path).subarray(0, 4096)),
    message: /is damaged: /,
  },
  {
    name: 'the database of another program',
    damage(path) {
      writeFileSync(path, '');
      const database = new DatabaseSync(path);
      database.exec('CREATE TABLE cookies (a)');
      database.close();
    },
    message: /is damaged: it is a database of another program/,
  },
];

for (const { name, damage, message } of damages) {
  test(`${name} is refused as damaged`, (t) => {
    const path = join(tempFolder(t), 'overrides.db');
    const overrides = openFileOverrides(path);
    overrides.grant(anOverride());
    overrides.close();
    damage(path);
    throwsStoreError(() => openFileOverrides(path), 'ERR_STORE_CORRUPT', message);
  });
}

const rows: { column: string; value: string; message: RegExp }[] = [
  { column: 'problems', value: "'not json'", message: /a list of problems is not JSON/ },
  { column: 'problems', value: "'[1]'", message: /a list of problems holds something else/ },
];

for (const { column, value, message } of rows) {
  test(`a row whose ${column} is ${value} is refused when it is recalled`, (t) => {
    const path = join(tempFolder(t), 'overrides.db');
    const overrides = openFileOverrides(path);
    t.after(() => overrides.close());
    overrides.grant(anOverride());
    const database = new DatabaseSync(path);
    database.exec(`UPDATE override SET ${column} = ${value}`);
    database.close();
    throwsStoreError(() => overrides.recall(endpoint, at), 'ERR_STORE_CORRUPT', message);
  });
}

test('a file that another process holds is waited for only so long', (t) => {
  const path = join(tempFolder(t), 'overrides.db');
  const overrides = openFileOverrides(path, { busyTimeoutMs: 20 });
  t.after(() => overrides.close());
  const other = new DatabaseSync(path);
  other.exec('BEGIN EXCLUSIVE');
  throwsStoreError(
    () => overrides.grant(anOverride()),
    'ERR_STORE_LOCKED',
    /is in use by another process/,
  );
  throwsStoreError(
    () => openFileOverrides(path, { busyTimeoutMs: 20 }),
    'ERR_STORE_LOCKED',
    /is in use/,
  );
  other.exec('ROLLBACK');
  other.close();
  overrides.grant(anOverride());
  assert.equal(stateAt(overrides, at), 'live');
});

/** Enough for some hundred milliseconds of both at once. */
const PORTS = 250;

/** A process on the file, and its lines; it waits for a byte. */
async function startGrants(job: 'end' | 'grant', path: string, first: number, count: number) {
  const program = new URL('./overrides-grants.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, job, path, String(first), String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'ready');
  return { child, lines: { [Symbol.asyncIterator]: () => lines } };
}

async function countOf(lines: AsyncIterable<string>): Promise<number> {
  let count = 0;
  for await (const _ of lines) count += 1;
  return count;
}

test('two processes that grant and withdraw on one file at once lose nothing of each other', async (t) => {
  const path = join(tempFolder(t), 'overrides.db');
  const ready = openFileOverrides(path);
  for (let port = 1000; port < 1000 + PORTS; port += 1)
    ready.grant(anOverride({ endpoint: { ...endpoint, port } }));
  ready.close();
  const processes = await Promise.all([
    startGrants('grant', path, 2000, PORTS),
    startGrants('end', path, 1000, PORTS),
  ]);
  const exits = processes.map(({ child }) => once(child, 'close'));
  for (const { child } of processes) child.stdin.write('x');
  const printed = processes.map(async ({ lines }) => countOf(lines));
  assert.deepEqual(await Promise.all(printed), [PORTS, PORTS]);
  assert.deepEqual(
    (await Promise.all(exits)).map(([code]) => code),
    [0, 0],
  );
  const overrides = openFileOverrides(path);
  t.after(() => overrides.close());
  const states = overrides.list(at).map(({ value, state }) => [value.endpoint.port, state]);
  const expected = [
    ...Array.from({ length: PORTS }, (_, i) => [1000 + i, 'withdrawn']),
    ...Array.from({ length: PORTS }, (_, i) => [2000 + i, 'live']),
  ];
  assert.deepEqual(states, expected);
});

for (const killAfter of [1, 7, 23]) {
  test(`a process killed after ${killAfter} grants has lost none that returned, and the file opens`, async (t) => {
    const path = join(tempFolder(t), 'overrides.db');
    const { child, lines } = await startGrants('grant', path, 1, 60_000);
    const closed = once(child, 'close');
    child.stdin.write('x');
    const returned: number[] = [];
    for await (const line of lines) {
      returned.push(Number(line));
      if (returned.length === killAfter) child.kill('SIGKILL');
    }
    assert.deepEqual((await closed)[1], 'SIGKILL');
    assert.ok(returned.length >= killAfter && returned.length < 60_000);
    const overrides = openFileOverrides(path);
    t.after(() => overrides.close());
    for (const port of returned) {
      const found = overrides.recall({ ...endpoint, port }, at).override;
      assert.equal(found?.state, 'live');
      assert.equal(found.value.leafSha256, port.toString(16).padStart(64, '0'));
    }
    // At most the one grant that was under way is there beside those that returned.
    const kept = overrides.list(at).length;
    assert.ok(
      kept === returned.length || kept === returned.length + 1,
      `${kept} of ${returned.length}`,
    );
  });
}
