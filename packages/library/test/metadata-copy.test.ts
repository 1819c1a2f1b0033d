import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publicMetadata } from '../src/metadata-copy.ts';

const cleaned = (metadata: unknown): unknown => JSON.parse(publicMetadata(JSON.stringify(metadata)) ?? 'null');

// Jibri writes the URL that it joined by, and with token authentication that URL is the right to enter.
test('URLs lose user, query and fragment, wherever they stand', () => {
  assert.deepEqual(
    cleaned({
      meeting_url: 'https://recorder:hidden@meet.example.org/Stand%20up?jwt=abc&lang=de#config.x=1',
      participants: [{ name: 'Ann', avatar: 'https://cdn.example.org/a.png?X-Amz-Signature=abc', id: 1 }],
      note: 'see (https://meet.example.org/a?token=b) and wss://x.example.org/ws#jwt=c today',
    }),
    {
      meeting_url: 'https://meet.example.org/Stand%20up',
      participants: [{ name: 'Ann', avatar: 'https://cdn.example.org/a.png', id: 1 }],
      note: 'see (https://meet.example.org/a and wss://x.example.org/ws today',
    },
  );
});

test('nor does another spelling of JSON, or a URL without scheme, bring them through', () => {
  assert.equal(
    publicMetadata('{"meeting_url":"https:\\/\\/meet.example.org\\/room\\u003fjwt\\u003dabc"}'),
    '{"meeting_url":"https://meet.example.org/room"}',
  );
  assert.deepEqual(cleaned({ a: 'meet.example.org/room?x=1&jwt=abc' }), { a: 'meet.example.org/room' });
  assert.equal(publicMetadata('{"a":"x?jwt=1","a":"y"}'), '{"a":"y"}');
});

test('signed tokens, and what is named a secret, are removed', () => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJyb29tIjoiYSJ9.c2lnbmF0dXJl';
  assert.deepEqual(cleaned({ a: `Bearer ${token}`, jwt: 'opaque', [token]: 1, roomPassword: 'tea' }), {
    a: 'Bearer (removed)',
    jwt: '(removed)',
    '(removed)': 1,
    roomPassword: '(removed)',
  });
});

test('all else stays as it is', () => {
  const plain = {
    meeting_url: 'https://meet.example.org/a',
    participants: [],
    share: true,
    n: 1.5,
    x: null,
    q: 'why? a=b',
  };
  assert.deepEqual(cleaned(plain), plain);
});

test('what is no JSON gives nothing', () => {
  assert.equal(publicMetadata('meeting_url: https://meet.example.org/a?jwt=b'), null);
});
