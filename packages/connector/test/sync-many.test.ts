import { test } from 'node:test';
import { assertAllArrive } from './many-messages.ts';

test('2,000 messages arrive, each byte for byte and once', (t) => assertAllArrive(t, 2_000));
