/** The eight connections of the shown profile, each with its own state, and Stop Trusting. */

import '../style/connections.css';
import type {
  ConnectionReport,
  ProfileReport,
  ServerCertificateReport,
} from '@postern/connector/api';
import { useState } from 'preact/hooks';
import { pathOf, send } from '../client.ts';
import { now } from '../clock.ts';
import { bytes, relative } from '../format.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { connectionLook, profileLook, State } from '../parts/state-pill.tsx';
import { CertificateDialog } from '../question/certificate-dialog.tsx';
import { sendReceive } from '../shell/top-bar.tsx';
import { attempt, notify, profile } from '../state.ts';
import { t } from '../text/text.ts';

/** The view. */
export function Connections() {
  const { connections: words, shell } = t();
  const [isStopping, setStopping] = useState(false);
  const [viewed, setViewed] = useState<ServerCertificateReport | null>(null);
  const shown = profile.value;
  if (shown === null) return <p class="box">{words.noProfile}</p>;
  const { serverName, port } = shown;
  async function view(): Promise<void> {
    const path = pathOf('servers', serverName, port, 'certificate');
    await attempt(async () => setViewed(await send<ServerCertificateReport>('GET', path)));
  }
  const isTrusting = shown.connections.some(
    ({ security }) => security.kind === 'trusted-by-you' || security.kind === 'NOT SECURE',
  );
  return (
    <>
      <div class="page-head">
        <h1>{words.title}</h1>
        <State look={profileLook(shown)} pill />
        <span class="second">{words.server(serverName, port)}</span>
        <span class="apart row">
          <button
            type="button"
            class="button"
            disabled={shown.leafSha256 === null}
            onClick={() => void view()}
          >
            <Icon name="certificate" />
            {t().certificate.view}
          </button>
          <button
            type="button"
            class="button"
            disabled={!isTrusting}
            onClick={() => setStopping(true)}
          >
            <Icon name="stop" />
            {words.stopTrusting}
          </button>
          <button type="button" class="button" onClick={() => void sendReceive(shown.profile)}>
            <Icon name="sync" />
            {shell.sendReceive}
          </button>
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard */}
      <section class="card scrolls" aria-label={words.table} tabIndex={0}>
        <table class="connections">
          <thead>
            <tr>
              <th scope="col">{words.connection}</th>
              <th scope="col">{words.state}</th>
              <th scope="col">{words.contents}</th>
              <th scope="col" class="number">
                {words.received}
              </th>
              <th scope="col" class="number">
                {words.sent}
              </th>
              <th scope="col" class="number">
                {words.lastUsed}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.connections.map((connection) => (
              <Row key={connection.purpose} connection={connection} />
            ))}
          </tbody>
        </table>
      </section>
      {viewed !== null && <CertificateDialog viewed={viewed} onClose={() => setViewed(null)} />}
      {isStopping && <StopTrusting shown={shown} onClose={() => setStopping(false)} />}
    </>
  );
}

function Row({ connection }: { connection: ConnectionReport }) {
  const { connections: words } = t();
  const { purpose, security, summary, traffic, error } = connection;
  return (
    <tr>
      <th scope="row">{words.names[purpose]}</th>
      <td>
        <State look={connectionLook(security)} />
      </td>
      <td>{error === null ? summary : <span class="error">{error.message}</span>}</td>
      <td class="number">{bytes(traffic.receivedBytes)}</td>
      <td class="number">{bytes(traffic.sentBytes)}</td>
      <td class="number">
        {traffic.lastUsedAt === null ? words.never : relative(traffic.lastUsedAt, now())}
      </td>
    </tr>
  );
}

function StopTrusting({ shown, onClose }: { shown: ProfileReport; onClose: () => void }) {
  const { connections: words, shell } = t();
  const { serverName, port } = shown;
  async function stop(): Promise<void> {
    onClose();
    const isDone = await attempt(() => send('POST', '/api/trust/stop', { host: serverName, port }));
    if (isDone) notify('caution', words.stopDone(serverName));
  }
  return (
    <Dialog
      title={words.stopTrusting}
      icon="stop"
      tone="caution"
      width="narrow"
      description={<p>{words.stopEffect(serverName)}</p>}
      onDismiss={onClose}
      actions={
        <>
          <button type="button" class="button button-filled" autofocus onClick={() => void stop()}>
            {words.stopTrusting}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {shell.cancel}
          </button>
        </>
      }
    />
  );
}
