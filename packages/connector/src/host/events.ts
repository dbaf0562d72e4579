/** The event stream: one JSON object a line, a status first. Status and counts are gathered, so that a fast sync does not flood a terminal. */

import type { ServerResponse } from 'node:http';
import type { Clock } from '@postern/trust';
import type { HostEvent, StatusReport } from '../api.ts';

/** Least time between two gathered lines, in ms: 20 a second is more than a person sees. */
const GATHER_MS = 50;

/** Most that waits for a front end which does not read, in bytes: many statuses, and no danger to memory. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** The streams of all front ends. */
export interface EventStreams {
  /** Begins a stream; `onEnd` runs when it is over. */
  open(response: ServerResponse, onEnd: () => void): void;
  /** Sends a line to every stream now. */
  send(event: HostEvent): void;
  /** Something in the status changed: it is sent soon. */
  statusChanged(): void;
  /** Messages were stored: sent soon, added up. */
  stored(profile: string, count: number): void;
  close(): void;
}

/** Makes the streams; `status` is asked whenever one is due. */
export function createEventStreams(status: () => StatusReport, clock: Clock): EventStreams {
  const streams = new Map<ServerResponse, { hasStale: boolean }>();
  const counts = new Map<string, number>();
  let isStatusDue = false;
  let cancelFlush: (() => void) | null = null;

  const line = (event: HostEvent): string => `${JSON.stringify(event)}\n`;

  function send(event: HostEvent): void {
    const text = line(event);
    for (const response of streams.keys()) {
      // It has missed more than it will catch up with: attached anew it begins with a status.
      if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
      else response.write(text);
    }
  }

  function flush(): void {
    cancelFlush = null;
    for (const [profile, stored] of counts) send({ type: 'message', profile, stored });
    counts.clear();
    if (!isStatusDue) return;
    isStatusDue = false;
    const text = line({ type: 'status', status: status() });
    for (const [response, stream] of streams) {
      // A front end that does not read gets the newest status when it reads again, not all of them.
      if (response.writableNeedDrain) stream.hasStale = true;
      else response.write(text);
    }
  }

  function soon(): void {
    if (cancelFlush !== null || streams.size === 0) return;
    cancelFlush = clock.setTimer(flush, GATHER_MS);
  }

  return {
    open(response, onEnd) {
      response.writeHead(200, {
        'Content-Type': 'application/x-ndjson; charset=utf-8',
        'Cache-Control': 'no-store',
      });
      const stream = { hasStale: false };
      streams.set(response, stream);
      response.write(line({ type: 'status', status: status() }));
      response.on('drain', () => {
        if (!stream.hasStale) return;
        stream.hasStale = false;
        response.write(line({ type: 'status', status: status() }));
      });
      response.once('close', () => {
        streams.delete(response);
        onEnd();
      });
    },
    send,
    statusChanged() {
      isStatusDue = true;
      soon();
    },
    stored(profile, count) {
      counts.set(profile, (counts.get(profile) ?? 0) + count);
      soon();
    },
    close() {
      cancelFlush?.();
      for (const response of streams.keys()) response.end();
    },
  };
}
