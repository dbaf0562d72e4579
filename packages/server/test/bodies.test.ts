import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bodies } from '../src/store/bodies.ts';
import { temporaryFolder } from './fixture.ts';

test('bodies that are stored at the same time in an empty store are all there', async (t) => {
  const bodies = new Bodies(await temporaryFolder(t));
  const contents = Array.from({ length: 50 }, (_, n) => Buffer.from(`body ${n}`));
  const names = await Promise.all(contents.map((one) => bodies.put([one])));
  for (const [n, [name = '']] of names.entries()) {
    assert.deepEqual(await bodies.read(name, 6), contents[n]);
  }
  assert.equal(new Set(names.flat()).size, contents.length);
});

test('the files of a store are spread over folders of a thousand', async (t) => {
  const bodies = new Bodies(await temporaryFolder(t));
  const names = await bodies.put(Array.from({ length: 2500 }, () => Buffer.from('x')));
  const folders = Map.groupBy(names, (name) => name.split('/')[0]);
  // Names are random, so that two of the three may be the same one by chance.
  assert.ok(folders.size === 2 || folders.size === 3, `${folders.size} folders`);
  assert.ok([...folders.values()].every((all) => all.length % 500 === 0));
});

test('a large body is read whole, and a removed one is gone', async (t) => {
  const bodies = new Bodies(await temporaryFolder(t));
  const large = Buffer.alloc(1_000_000, 'large ');
  const [name = ''] = await bodies.put([large]);
  assert.deepEqual(await bodies.read(name, large.length), large);
  await bodies.remove([name, 'aaa/never-there.msg']);
  await assert.rejects(bodies.read(name, large.length), { code: 'ENOENT' });
});
