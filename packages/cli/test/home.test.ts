/** The three variables that are read, and what a background process inherits. */

import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { cleanEnvironment, findHome, hasDisplay, policyPaths, refusesColour } from '../src/home.ts';

test('POSTERN_HOME names the home, and the demo server’s home is in it', () => {
  const home = findHome({ POSTERN_HOME: '/srv/postern' });
  assert.deepEqual(home, {
    root: path.resolve('/srv/postern'),
    run: path.resolve('/srv/postern/run'),
    logFile: path.resolve('/srv/postern/log/daemon.log'),
    server: path.resolve('/srv/postern/demo-server'),
  });
});

test('ZIMBRA_HOME names the server’s home', () => {
  const { server } = findHome({ POSTERN_HOME: '/srv/postern', ZIMBRA_HOME: '/opt/zimbra' });
  assert.equal(server, path.resolve('/opt/zimbra'));
});

test('without POSTERN_HOME, or with an empty one, the home is the user’s own data folder', () => {
  for (const environment of [{}, { POSTERN_HOME: '' }]) {
    assert.ok(findHome(environment).root.startsWith(os.homedir()));
  }
});

const MACHINE_POLICIES: readonly { platform: NodeJS.Platform; machine: string | null }[] = [
  { platform: 'linux', machine: '/etc/postern/policies.json' },
  { platform: 'darwin', machine: '/Library/Application Support/Postern/policies.json' },
  { platform: 'win32', machine: null },
];

for (const { platform, machine } of MACHINE_POLICIES) {
  test(`on ${platform} the policy of the machine is ${machine === null ? 'no file, since nobody could say whose it is' : `in ${machine}`}`, () => {
    const home = findHome({ POSTERN_HOME: '/srv/postern' });
    assert.deepEqual(policyPaths(home, platform), {
      machine,
      user: null,
      file: path.resolve('/srv/postern/policies.json'),
    });
  });
}

test('NO_COLOR refuses colour unless it is empty', () => {
  assert.equal(refusesColour({ NO_COLOR: '1' }), true);
  assert.equal(refusesColour({ NO_COLOR: '' }), false);
  assert.equal(refusesColour({}), false);
});

test('a background process inherits nothing that changes what Node.js trusts or how it starts', () => {
  const spoilers = {
    NODE_EXTRA_CA_CERTS: '/tmp/ca.pem',
    NODE_OPTIONS: '--use-openssl-ca',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_USE_SYSTEM_CA: '1',
    SSL_CERT_DIR: '/tmp',
    SSL_CERT_FILE: '/tmp/ca.pem',
  };
  const environment = cleanEnvironment(findHome({ POSTERN_HOME: '/srv/postern' }), {
    PATH: '/bin',
    ...spoilers,
  });
  assert.deepEqual(environment, { PATH: '/bin', POSTERN_HOME: path.resolve('/srv/postern') });
});

const DISPLAYS: readonly {
  environment: Record<string, string>;
  platform: NodeJS.Platform;
  has: boolean;
}[] = [
  { environment: {}, platform: 'linux', has: false },
  { environment: { DISPLAY: '' }, platform: 'linux', has: false },
  { environment: { DISPLAY: ':0' }, platform: 'linux', has: true },
  { environment: { WAYLAND_DISPLAY: 'wayland-0' }, platform: 'linux', has: true },
  { environment: {}, platform: 'freebsd', has: false },
  { environment: {}, platform: 'darwin', has: true },
  { environment: {}, platform: 'win32', has: true },
];

for (const { environment, platform, has } of DISPLAYS) {
  test(`on ${platform} with ${JSON.stringify(environment)} there is ${has ? 'a' : 'no'} display`, () => {
    assert.equal(hasDisplay(environment, platform), has);
  });
}
