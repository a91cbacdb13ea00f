/** Which addresses a webhook may go to: those of the public internet, unless the operator says otherwise. */
import { BlockList, isIP } from 'node:net';

/** Special-purpose addresses (RFC 6890 and the IANA registries): private, loopback, link-local, documentation … */
const NOT_PUBLIC_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16'],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** Of IPv6 only what is given out (2000::/3) is public; in it, tunnels that may end anywhere, and documentation. */
const PUBLIC_V6 = '2000::/3';
const NOT_PUBLIC_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const notPublic = new BlockList();
for (const net of NOT_PUBLIC_V4) addNet(notPublic, net, 'ipv4');
for (const net of NOT_PUBLIC_V6) addNet(notPublic, net, 'ipv6');
const givenOut = new BlockList();
addNet(givenOut, PUBLIC_V6, 'ipv6');

function addNet(list: BlockList, net: string, family: 'ipv4' | 'ipv6'): void {
  const [start = '', bits = ''] = net.split('/');
  list.addSubnet(start, Number(bits), family);
}

/** True for an address of the public internet; false for any other, and for what is no address. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !notPublic.check(address, 'ipv4');
    case 6:
      return givenOut.check(address, 'ipv6') && !notPublic.check(address, 'ipv6');
    default:
      return false;
  }
}

/**
 * Why nothing is sent to that URL; undefined when it may be. A name is looked up when it is connected to, not here:
 * what it leads to may change at any time.
 */
export function urlRefusal(
  text: string,
  { toPrivate }: { readonly toPrivate: boolean },
): string | undefined {
  const url = URL.parse(text);
  if (!url) return 'it is no URL';
  if (url.username !== '' || url.password !== '') return 'it has a user or a password in it';
  if (url.hash !== '') return 'it has a fragment in it';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it is not https';
  if (toPrivate) return undefined;
  if (url.protocol !== 'https:') return 'it is not https';
  const host = hostOf(url);
  if (isIP(host) !== 0 && !isPublicAddress(host)) return 'its address is not public';
  if (/^localhost\.?$|\.localhost\.?$/.test(host)) return 'its address is not public';
  return undefined;
}

/** The name or address to connect to: an IPv6 one without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
