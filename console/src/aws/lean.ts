/**
 * DescribeInstances of thousands: the ordinary signed call to the ordinary endpoint, answered as JSON (AWS's JSON 1.1)
 * instead of XML. A browser reads it an order of magnitude faster, and so does the daemon write it.
 */
import type { Instance, Reservation } from '@aws-sdk/client-ec2'
import { signedFetch } from './http.ts'

interface Page {
  Reservations?: Reservation[]
  NextToken?: string
}

export async function instancesPage(input: {
  MaxResults?: number
  NextToken?: string | undefined
  InstanceIds?: string[]
  Filters?: { Name: string; Values: string[] }[]
}): Promise<{ items: Instance[]; next: string | undefined }> {
  const target = { service: 'ec2', name: 'EC2.DescribeInstances' }
  const response = await signedFetch('POST', '/', { body: input, target })
  const page = (await response.json()) as Page
  const items = page.Reservations?.flatMap((one) => one.Instances ?? []) ?? []
  items.forEach(datesOf)
  return { items, next: page.NextToken }
}

/** JSON has times as numbers, seconds since the epoch. */
function datesOf(instance: Instance): void {
  dateOf(instance, 'LaunchTime')
  dateOf(instance, 'UsageOperationUpdateTime')
  for (const { Ebs } of instance.BlockDeviceMappings ?? []) dateOf(Ebs, 'AttachTime')
  for (const { Attachment } of instance.NetworkInterfaces ?? []) dateOf(Attachment, 'AttachTime')
}

function dateOf<K extends string>(
  of: { [name in K]?: Date | undefined } | undefined,
  name: K,
): void {
  const seconds: unknown = of?.[name]
  if (of && typeof seconds === 'number') of[name] = new Date(seconds * 1000)
}
