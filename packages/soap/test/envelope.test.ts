import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authRequest,
  batchRequest,
  batchResponse,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  faultElement,
  getPrefsRequest,
  noOpRequest,
  noOpResponse,
  readAuthRequest,
  readBatchRequest,
  readBatchResponse,
  SoapFault,
  SoapFormatError,
} from '../src/index.ts';

test('a request is written as Zimbra expects it', () => {
  const text = encodeRequest(
    {
      authToken: '0_ab',
      userAgent: { name: 'Postern', version: '0.1.0' },
      noNotify: true,
      noQualify: true,
    },
    noOpRequest(),
  );
  assert.deepEqual(JSON.parse(text), {
    Header: {
      context: {
        _jsns: 'urn:zimbra',
        userAgent: { name: 'Postern', version: '0.1.0' },
        nosession: {},
        authToken: [{ _content: '0_ab' }],
        nonotify: {},
        noqualify: {},
      },
    },
    Body: { NoOpRequest: { _jsns: 'urn:zimbraMail' } },
  });
});

test('a context is read as it was written', () => {
  const context = {
    authToken: '0_ab',
    session: '12',
    userAgent: { name: 'Postern', version: '0.1.0' },
    account: { by: 'id', value: '4f' } as const,
    changeToken: 42,
    csrfToken: 'c',
    noNotify: true,
    noQualify: false,
  };
  assert.deepEqual(decodeRequest(encodeRequest(context, noOpRequest())).context, context);
});

test('a request of the web client, with plain strings, is read', () => {
  const { context, body } = decodeRequest(
    '{"Header":{"context":{"_jsns":"urn:zimbra","authToken":"0_x","session":{}}},' +
      '"Body":{"AuthRequest":{"_jsns":"urn:zimbraAccount","account":{"by":"name","_content":"anna@example.test"},"password":"p"}}}',
  );
  assert.equal(context.authToken, '0_x');
  assert.equal(context.session, '');
  assert.deepEqual(readAuthRequest(body), {
    account: { by: 'name', value: 'anna@example.test' },
    password: 'p',
    authToken: null,
    deviceId: null,
  });
});

test('a response that is a fault is thrown with code, reason and arguments', () => {
  const fault = new SoapFault('mail.NO_SUCH_FOLDER', 'no such folder id: 999', {
    detail: { itemId: '999' },
    trace: 'req-7',
  });
  const text = encodeResponse({ session: null, changeToken: 403 }, faultElement(fault));
  assert.deepEqual(JSON.parse(text).Body.Fault.Detail.Error, {
    Code: 'mail.NO_SUCH_FOLDER',
    Trace: 'req-7',
    a: [{ n: 'itemId', t: 'IID', _content: '999' }],
    _jsns: 'urn:zimbra',
  });
  assert.throws(
    () => decodeResponse(text),
    (error) => {
      assert.ok(error instanceof SoapFault);
      const { code, reason, detail, role, trace, message } = error;
      assert.deepEqual(
        { code, reason, detail, role, trace, message },
        {
          code: 'mail.NO_SUCH_FOLDER',
          reason: 'no such folder id: 999',
          detail: { itemId: '999' },
          role: 'Sender',
          trace: 'req-7',
          message: 'no such folder id: 999',
        },
      );
      return true;
    },
  );
});

test('an envelope without exactly one body is refused', () => {
  for (const text of ['{}', '{"Body":{}}', '{"Body":{"A":{},"B":{}}}', '{"Body":"x"}']) {
    assert.throws(
      () => decodeResponse(text),
      (error) => error instanceof SoapFormatError && error.code === 'ERR_SOAP_INVALID',
      text,
    );
  }
});

test('an account can be selected by name and id only', () => {
  const request = authRequest({ account: { by: 'name', value: 'anna' }, password: 'p' });
  const text = encodeRequest({}, request).replace('"by":"name"', '"by":"krb5Principal"');
  assert.throws(() => readAuthRequest(decodeRequest(text).body), SoapFormatError);
});

test('the answers of a batch are found by their request, faults among them', () => {
  const sent = batchRequest([noOpRequest(), getPrefsRequest(['a']), noOpRequest()]);
  const { requests, stopOnError } = readBatchRequest(decodeRequest(encodeRequest({}, sent)).body);
  assert.equal(stopOnError, false);
  const answered = batchResponse(
    requests.map(({ request, requestId }) => ({
      requestId,
      answer:
        request.name === 'GetPrefsRequest'
          ? new SoapFault('service.PERM_DENIED', 'permission denied: no')
          : noOpResponse(),
    })),
  );
  const text = encodeResponse({ session: null, changeToken: null }, answered);
  const answers = readBatchResponse(decodeResponse(text).body, 4);
  assert.deepEqual(
    answers.map((one) => (one === null ? null : one instanceof SoapFault ? one.code : one.name)),
    ['NoOpResponse', 'service.PERM_DENIED', 'NoOpResponse', null],
  );
});
