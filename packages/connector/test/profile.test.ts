import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { checkProfile, openProfiles, parseProfile } from '../src/profile.ts';
import { temporaryFolder } from './temporary.ts';

const DRAFT = { name: 'work', email: 'anna@example.test', serverName: 'Mail.Example.TEST' };

const PROFILE = {
  name: 'work',
  email: 'anna@example.test',
  serverName: 'mail.example.test',
  port: 443,
  httpPort: 80,
  useSecureConnection: false,
  advanced: { detectChanges: true, lookForUpgrades: true, messageCutoffDays: 0 },
};

test('an empty form has Use Secure Connection unticked and the usual ports', () => {
  assert.deepEqual(checkProfile(DRAFT, 'form'), PROFILE);
});

const NONSENSE: readonly { name: string; draft: unknown; message: string }[] = [
  { name: 'a list', draft: [], message: '"profile" in "p.json" must be an object' },
  {
    name: 'a port as text',
    draft: { ...DRAFT, port: '443' },
    message: '"port" in "p.json" must be a whole number from 1 to 65535',
  },
  {
    name: 'port 0',
    draft: { ...DRAFT, port: 0 },
    message: '"port" in "p.json" must be a whole number from 1 to 65535',
  },
  {
    name: 'a box that is neither ticked nor unticked',
    draft: { ...DRAFT, useSecureConnection: 'yes' },
    message: '"useSecureConnection" in "p.json" must be true or false',
  },
  {
    name: 'a server name that is an address in the web',
    draft: { ...DRAFT, serverName: 'https://mail.example.test/' },
    message: '"serverName" in "p.json" must be a DNS name or an IP address',
  },
  {
    name: 'an e-mail address without a domain',
    draft: { ...DRAFT, email: 'anna' },
    message: '"email" in "p.json" must be an address such as "anna@example.com"',
  },
  {
    name: 'a name that leaves the folder',
    draft: { ...DRAFT, name: '../other' },
    message: '"name" in "p.json" must be letters, digits, ".", "_" and "-", at most 64',
  },
  {
    name: 'a setting that does not exist, such as the removed one',
    draft: { ...DRAFT, advanced: { allowInvalidCertificates: true } },
    message:
      '"advanced.allowInvalidCertificates" in "p.json" is unknown, known are "detectChanges", "lookForUpgrades", "messageCutoffDays"',
  },
];

for (const { name, draft, message } of NONSENSE) {
  test(`${name} is refused with file, key and what is allowed`, () => {
    assert.throws(() => parseProfile(JSON.stringify(draft), 'p.json'), {
      code: 'ERR_PROFILE_INVALID',
      message,
      what: 'p.json',
    });
  });
}

test('text that is not JSON is refused', () => {
  assert.throws(() => parseProfile('{"name":', 'p.json'), {
    code: 'ERR_PROFILE_INVALID',
    message: '"p.json" is not JSON',
  });
});

test('a saved profile is read back, from a file and a folder that are closed to others', async (t) => {
  const home = await temporaryFolder(t);
  const profiles = openProfiles(home);
  assert.deepEqual(profiles.names(), []);
  profiles.save({ ...PROFILE });
  assert.deepEqual(profiles.names(), ['work']);
  assert.deepEqual(profiles.read('work'), PROFILE);
  const mode = async (name: string) =>
    ((await fs.stat(path.join(home, 'profiles', name))).mode & 0o777).toString(8);
  assert.deepEqual([await mode('work'), await mode('work/profile.json')], ['700', '600']);
  assert.deepEqual(await fs.readdir(profiles.folder('work')), ['profile.json']);
});

test('a profile that others can write is refused', async (t) => {
  const profiles = openProfiles(await temporaryFolder(t));
  profiles.save({ ...PROFILE });
  await fs.chmod(path.join(profiles.folder('work'), 'profile.json'), 0o666);
  assert.throws(() => profiles.read('work'), { code: 'ERR_STORE_UNSAFE' });
});

test('a profile in a folder of another name is refused', async (t) => {
  const profiles = openProfiles(await temporaryFolder(t));
  profiles.save({ ...PROFILE });
  await fs.rename(profiles.folder('work'), profiles.folder('home'));
  assert.throws(() => profiles.read('home'), { code: 'ERR_PROFILE_INVALID' });
});
