/** What a new machine is known by beside its ids, made of random bytes. Pure. */

/** Starts with `ec2`, by which guests recognise EC2 (EC2 user guide, "Identify EC2 instances"). Of 16 bytes. */
export function machineUuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16)
  return `ec2${hex.slice(3, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}

/** Locally administered, unicast, as AWS's interfaces have. Of 5 bytes. */
export function macOf(bytes: Uint8Array): string {
  return `02:${Buffer.from(bytes).toString('hex').match(/../g)!.join(':')}`
}
