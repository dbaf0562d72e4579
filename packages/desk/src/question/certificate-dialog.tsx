/** View Certificate: General, Details and Certification Path. The verdict is that of the whole chain, the name is judged too. */

import type { CertificateReport, QuestionReport } from '@postern/connector/api';
import { useState } from 'preact/hooks';
import { cut, fingerprint, instant, nameIn } from '../format.ts';
import { CopyButton, saveFile } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { t } from '../text/text.ts';

type Tab = 'details' | 'general' | 'path';

/** What is viewed: of an open question, or of the connection as it stands. */
export type Viewed = Pick<QuestionReport, 'chain' | 'host' | 'path' | 'problems'>;

/** The dialog, on the server's own certificate. */
export function CertificateDialog({ viewed, onClose }: { viewed: Viewed; onClose: () => void }) {
  const { certificate: words, shell } = t();
  const [tab, setTab] = useState<Tab>('general');
  const [leaf] = viewed.chain;
  return (
    <Dialog
      title={words.title}
      icon="certificate"
      width="wide"
      onDismiss={onClose}
      canClose
      actions={
        <button type="button" class="button button-filled" autofocus onClick={onClose}>
          {shell.ok}
        </button>
      }
    >
      {leaf !== undefined && (
        <Tabs
          label={words.title}
          chosen={tab}
          onChoose={setTab}
          tabs={[
            { name: 'general', title: words.general },
            { name: 'details', title: words.details },
            { name: 'path', title: words.path },
          ]}
        >
          {tab === 'general' && <General leaf={leaf} viewed={viewed} />}
          {tab === 'details' && <Details certificate={leaf} />}
          {tab === 'path' && <Path viewed={viewed} />}
        </Tabs>
      )}
    </Dialog>
  );
}

function General({ leaf, viewed }: { leaf: CertificateReport; viewed: Viewed }) {
  const { certificate: words } = t();
  const { problems, host } = viewed;
  const isNamed = !problems.some(({ kind }) => kind === 'name-mismatch');
  return (
    <>
      <Verdict viewed={viewed} />
      <dl class="facts">
        <dt>{words.issuedTo}</dt>
        <dd>{cut(nameIn(leaf.subject))}</dd>
        <dt>{words.issuedBy}</dt>
        <dd>{cut(nameIn(leaf.issuer))}</dd>
        <dt>{words.validFrom}</dt>
        <dd>{instant(leaf.notBefore)}</dd>
        <dt>{words.validTo}</dt>
        <dd>{instant(leaf.notAfter)}</dd>
        <dt>{words.names}</dt>
        <dd>{cut(leaf.names.slice(0, 20).join(', '), 600)}</dd>
        <dt>{words.asked}</dt>
        <dd>{isNamed ? words.nameFits(host) : words.nameDiffers(host)}</dd>
        <dt>{words.purposes}</dt>
        <dd>{cut((leaf.extendedKeyUsage ?? [words.anyPurpose]).join(', '))}</dd>
        <dt>SHA-256</dt>
        <dd class="mono">{fingerprint(leaf.sha256)}</dd>
      </dl>
    </>
  );
}

function Verdict({ viewed: { problems } }: { viewed: Viewed }) {
  const { certificate: words } = t();
  const isFine = problems.length === 0;
  return (
    <div class={`box verdict ${isFine ? 'tone-ok' : 'tone-danger'}`}>
      <Icon name={isFine ? 'shield-good' : 'shield-bad'} />
      <div>
        <b>{words.verdict}</b>
        {isFine && <p>{words.isFine}</p>}
        {problems.map(({ kind, position, sentence }) => (
          <p key={`${kind}@${position}`} lang="en">
            {cut(sentence)}
          </p>
        ))}
      </div>
    </div>
  );
}

function Details({ certificate }: { certificate: CertificateReport }) {
  const { certificate: words } = t();
  const rows: readonly (readonly [string, string])[] = [
    [words.serialNumber, certificate.serialNumber],
    [words.signatureAlgorithm, certificate.signatureAlgorithm],
    [words.issuer, certificate.issuer],
    [words.validFrom, instant(certificate.notBefore)],
    [words.validTo, instant(certificate.notAfter)],
    [words.subject, certificate.subject],
    [words.publicKey, certificate.publicKey],
    ...certificate.extensions.map(
      ({ name, critical, value }) => [critical ? words.critical(name) : name, value] as const,
    ),
    ['SHA-256', fingerprint(certificate.sha256)],
    ['SHA-1', fingerprint(certificate.sha1)],
  ];
  return (
    <>
      <table class="details">
        <thead>
          <tr>
            <th scope="col">{words.field}</th>
            <th scope="col">{words.value}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([field, value]) => (
            <tr key={field}>
              <th scope="row">{cut(field)}</th>
              <td class="mono">{cut(value, 2_000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="row">
        <CopyButton label={words.copyPem} text={certificate.pem} />
        <button
          type="button"
          class="button button-small"
          onClick={() => saveFile('certificate.pem', certificate.pem, 'application/x-pem-file')}
        >
          <Icon name="download" small />
          {words.savePem}
        </button>
      </div>
    </>
  );
}

/** Root on top, each step indented, the leaf at the end; then the verdict of the whole. */
function Path({ viewed }: { viewed: Viewed }) {
  const { certificate: words } = t();
  const elements = viewed.path.toReversed();
  return (
    <>
      <ol class="path">
        {elements[0]?.anchor === null && (
          <li class="missing">
            <Icon name="ask" />
            <p>{words.missing}</p>
          </li>
        )}
        {elements.map((element, index) => (
          <li key={element.sha256} style={{ marginInlineStart: `${16 * Math.min(index, 6)}px` }}>
            <Icon
              name={
                element.anchor !== null
                  ? 'anchor'
                  : index === elements.length - 1
                    ? 'server'
                    : 'certificate'
              }
            />
            <div>
              <b>{cut(nameIn(element.subject))}</b>
              <p class="second">{element.anchor === null ? cut(element.status) : words.anchor}</p>
            </div>
          </li>
        ))}
      </ol>
      <Verdict viewed={viewed} />
    </>
  );
}
