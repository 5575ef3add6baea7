/** Packets, rules and remedies in words. Pure. */
import type { Packet } from '../../../domain/reach.ts'

export function trafficText({ protocol, ports }: Packet): string {
  if (!ports) return protocol
  return `${protocol} ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`}`
}

export function hostCidr(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}

export function groupRemedy(packet: Packet, direction: 'ingress' | 'egress', group: string) {
  const other = direction === 'ingress' ? packet.source : packet.destination
  const side = direction === 'ingress' ? 'from' : 'to'
  return `Add an ${direction} rule to ${group}: ${trafficText(packet)} ${side} ${hostCidr(other)}.`
}

export function aclRemedy(packet: Packet, direction: 'ingress' | 'egress', acl: string) {
  const other = direction === 'ingress' ? packet.source : packet.destination
  const side = direction === 'ingress' ? 'from' : 'to'
  const what = packet.isAnswer ? `answers (${trafficText(packet)})` : trafficText(packet)
  return `Add an ${direction} entry to ${acl} that allows ${what} ${side} ${hostCidr(other)}, before what denies it.`
}
