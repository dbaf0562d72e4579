import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions, newestOffer } from '../src/connections/upgrade.ts';

const ORDER: readonly { older: string; newer: string }[] = [
  { older: '0.1.0', newer: '0.1.1' },
  { older: '0.9.0', newer: '0.10.0' },
  { older: '1.9.9', newer: '2.0.0' },
];

for (const { older, newer } of ORDER) {
  test(`${newer} is newer than ${older}, and not the other way round`, () => {
    assert.ok(compareVersions(newer, older) > 0);
    assert.ok(compareVersions(older, newer) < 0);
    assert.equal(compareVersions(newer, newer), 0);
  });
}

const LISTS: readonly { name: string; html: string; offered: string | null }[] = [
  { name: 'an empty list', html: '', offered: null },
  {
    name: 'Zimbra’s own connector',
    html: '<a id="zco_64bit" href="/downloads/ZimbraConnectorOLK_9.0.0.1903_x64.msi">',
    offered: null,
  },
  {
    name: 'several of ours',
    html: '<a href="/downloads/postern-0.9.0.tgz"> <a href="/downloads/postern-0.10.0-x64.msi">',
    offered: '0.10.0',
  },
  {
    name: 'a name that only begins like ours',
    html: '<a href="/downloads/posternx-9.9.9.tgz">',
    offered: null,
  },
  {
    name: 'a version that is no number',
    html: '<a href="/downloads/postern-9.x.9.tgz">',
    offered: null,
  },
];

for (const { name, html, offered } of LISTS) {
  test(`${name} offers ${offered ?? 'nothing'}`, () => {
    assert.equal(newestOffer(html), offered);
  });
}
