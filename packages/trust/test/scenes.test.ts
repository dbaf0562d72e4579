/** Every cause over real servers: found in its scene, for what it is, and not in its control. */

import assert from 'node:assert/strict';
import { connect as dialTcp } from 'node:net';
import { describe, test } from 'node:test';
import { causeScenes, fingerprint } from '@postern/badcerts';
import { type Cause, causesOf, type Diagnosis, type Evidence, fixedAnchors } from '@postern/trust';
import { createManualClock } from '../../../test/manual-clock.ts';
import { nobody, stage } from './gate-stage.ts';

/** An address of the public internet, where every name but the mail server's leads; nobody dials it. */
const PUBLIC = '93.184.216.34';

/** What is known only while a question is open. */
const ONLY_ASKED = new Set(['sign-in-page']);

describe('in the scene', () => {
  for (const scene of causeScenes) {
    const { id, kind, certainty, serverName, mailDomain, at } = scene;
    test(`${id}: ${scene.doc}`, async (t) => {
      const { mail, plain, anchors, inStore, close } = await scene.begin();
      t.after(close);
      const store = inStore.map((der) => ({ der, sha256: fingerprint(der), source: 'test' }));
      const { gate } = stage({
        ask: nobody,
        anchors: { ...fixedAnchors(anchors), inSystemStore: async () => store },
        clock: createManualClock(at),
        resolve: async (host) => [
          { address: host === serverName ? '127.0.0.1' : PUBLIC, family: 4 },
        ],
        plainDial: () => dialTcp(plain.port, '127.0.0.1'),
      });
      const explained = (): Promise<{ diagnosis: Diagnosis | null; evidence: Evidence }> =>
        new Promise((resolve) => {
          gate.subscribe((event) => {
            if (event.type === 'question-explained') resolve(event.question);
          });
          const where = { host: serverName, port: mail.port };
          gate.connect({ ...where, purpose: 'mail', initiatedBy: 'person' }).catch(() => {});
        });
      const looked = async (): Promise<{ diagnosis: Diagnosis; evidence: Evidence }> => {
        const where = { host: serverName, port: mail.port };
        const look = await gate.look({ ...where, evenIfTooWeak: true });
        return { diagnosis: look.diagnosis, evidence: await gate.explain(look) };
      };
      const { diagnosis, evidence } = ONLY_ASKED.has(kind) ? await explained() : await looked();
      assert.ok(diagnosis !== null);
      // A control is a server with a problem, too: there is something to explain.
      assert.notDeepEqual(diagnosis.problems, []);
      const found: readonly Cause[] = causesOf(diagnosis, { ...evidence, mailDomain });
      assert.deepEqual(
        [...new Set(found.filter((each) => each.kind === kind).map((each) => each.certainty))],
        certainty === null ? [] : [certainty],
      );
      assert.equal(mail.counters.applicationBytes, 0);
      await gate.close();
    });
  }

  test('every cause is there, with a control', () => {
    const of = (isControl: boolean): string[] =>
      [
        ...new Set(
          causeScenes
            .filter(({ certainty }) => (certainty === null) === isControl)
            .map(({ kind }) => kind),
        ),
      ].sort();
    const kinds: Record<Cause['kind'], true> = {
      clock: true,
      'ended-recently': true,
      inspection: true,
      'missing-intermediate': true,
      'near-miss-name': true,
      'old-protocols-only': true,
      'private-root': true,
      'sign-in-page': true,
    };
    assert.deepEqual([of(false), of(true)], [Object.keys(kinds), Object.keys(kinds)]);
  });
});
