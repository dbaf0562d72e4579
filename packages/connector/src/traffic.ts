/**
 * What goes over the eight connections of one profile, counted at the sockets that the gate handed
 * out: pooled ones, and those on which a request waits for minutes. A socket is looked at when a
 * request begins and ends, when it closes and when somebody asks; in between nothing is done, so a
 * long answer counts for the minute in which it was looked at. TLS's own framing is not counted.
 */

import type { Socket } from 'node:net';
import type { Clock, ConnectionPurpose } from '@postern/trust';
import type { TrafficReport } from './api.ts';

/** Minutes that are told one by one. */
const MINUTES = 60;
const MINUTE_MS = 60_000;

/** The counts of one profile. */
export interface Traffic {
  /** Takes in what this socket has carried since it was looked at last, and goes on with it until it closes. */
  look(purpose: ConnectionPurpose, socket: Socket): void;
  report(purpose: ConnectionPurpose): TrafficReport;
}

/** One connection's counts; the memory it takes does not grow. */
interface Meter {
  received: number;
  sent: number;
  lastUsedMs: number | null;
  /** Bytes both ways; the minute `n` since 1970 stands at `n % 60`. */
  minutes: Float64Array;
  /** The newest minute in the ring. */
  newest: number;
  /** Bytes that were taken in of each living socket. */
  sockets: Map<Socket, { read: number; written: number }>;
}

/** Begins at nothing. */
export function createTraffic(clock: Clock): Traffic {
  const meters = new Map<ConnectionPurpose, Meter>();

  function meterOf(purpose: ConnectionPurpose): Meter {
    const known = meters.get(purpose);
    if (known !== undefined) return known;
    const made: Meter = {
      received: 0,
      sent: 0,
      lastUsedMs: null,
      minutes: new Float64Array(MINUTES),
      newest: 0,
      sockets: new Map(),
    };
    meters.set(purpose, made);
    return made;
  }

  function takeIn(meter: Meter, socket: Socket): void {
    const known = meter.sockets.get(socket);
    if (known === undefined) return;
    const received = socket.bytesRead - known.read;
    const sent = socket.bytesWritten - known.written;
    if (received === 0 && sent === 0) return;
    known.read += received;
    known.written += sent;
    meter.received += received;
    meter.sent += sent;
    const nowMs = clock.now().getTime();
    meter.lastUsedMs = nowMs;
    const minute = turnTo(meter, nowMs);
    meter.minutes[minute] = (meter.minutes[minute] ?? 0) + received + sent;
  }

  return {
    look(purpose, socket) {
      const meter = meterOf(purpose);
      if (!meter.sockets.has(socket) && !socket.destroyed) {
        meter.sockets.set(socket, { read: 0, written: 0 });
        socket.once('close', () => {
          takeIn(meter, socket);
          meter.sockets.delete(socket);
        });
      }
      takeIn(meter, socket);
    },
    report(purpose) {
      const meter = meterOf(purpose);
      for (const socket of meter.sockets.keys()) takeIn(meter, socket);
      const newest = turnTo(meter, clock.now().getTime());
      return {
        receivedBytes: meter.received,
        sentBytes: meter.sent,
        lastUsedAt: meter.lastUsedMs === null ? null : new Date(meter.lastUsedMs).toISOString(),
        lastHour: Array.from(
          meter.minutes,
          (_, nth) => meter.minutes[(newest + 1 + nth) % MINUTES] ?? 0,
        ),
      };
    },
  };
}

/** Turns the ring to this instant, emptying the minutes in between; returns the place of the newest minute. */
function turnTo(meter: Meter, nowMs: number): number {
  const minute = Math.floor(nowMs / MINUTE_MS);
  const gone = minute - meter.newest;
  // A clock that was put back: what was counted until then keeps its order and ends now.
  if (gone < 0) rotate(meter, minute);
  for (let one = Math.max(meter.newest + 1, minute - MINUTES + 1); one <= minute; one++) {
    meter.minutes[one % MINUTES] = 0;
  }
  meter.newest = minute;
  return minute % MINUTES;
}

/** Renames the newest minute to an earlier one; the others keep their distance from it. */
function rotate(meter: Meter, minute: number): void {
  const before = Float64Array.from(
    meter.minutes,
    (_, nth) => meter.minutes[(meter.newest + 1 + nth) % MINUTES] ?? 0,
  );
  for (const [nth, bytes] of before.entries()) meter.minutes[(minute + 1 + nth) % MINUTES] = bytes;
  meter.newest = minute;
}
