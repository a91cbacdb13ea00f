import { expect, test } from 'vitest';
import { isPublicAddress } from './address.ts';

test.each([...['8.8.8.8', '114.114.114.114', '2400:3200::1', '2606:4700:4700::1111']])(
  '%s is public',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test.each([
  ...['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.0.1', '169.254.169.254', '0.0.0.0'],
  ...[
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '198.19.0.1',
    '::',
    '::1',
    'fe80::1',
    'fd00::1',
  ],
  ...[
    '::ffff:8.8.8.8',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'name',
  ],
])('%s is not', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});
