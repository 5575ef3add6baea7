/**
 * Open virtual appliances: a tar of a description (OVF 1.0, DMTF DSP0243) and a disk, as VMware and VirtualBox read
 * them. The disk is a stream-optimised VMDK.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

export interface OvaMachine {
  name: string
  vcpus: number
  memoryMiB: number
}

const BLOCK = 512
/** Of ustar: eleven octal digits; beyond, the number itself with its first bit set (GNU). */
const OCTAL_MAX = 0o77777777777

/** Writes the appliance; the caller makes it durable. */
export async function ovaWrite(
  path: string,
  diskPath: string,
  machine: OvaMachine & { capacityBytes: number },
): Promise<void> {
  const { size } = await stat(diskPath)
  const disk = `${machine.name}-disk1.vmdk`
  const ovf = Buffer.from(ovfOf(machine, disk, size))
  const parts = async function* () {
    yield tarHeader(`${machine.name}.ovf`, ovf.length)
    yield padded(ovf)
    yield tarHeader(disk, size)
    for await (const chunk of createReadStream(diskPath, { highWaterMark: 1024 * 1024 }))
      yield chunk
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
    yield Buffer.alloc(2 * BLOCK)
  }
  await pipeline(parts(), createWriteStream(path, { flags: 'wx', mode: 0o600 }))
}

export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK)
  header.write(name.slice(0, 99), 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  if (size <= OCTAL_MAX) header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  else {
    header[124] = 0x80
    header.writeBigUInt64BE(BigInt(size), 128)
  }
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)])
}

function ovfOf(
  machine: OvaMachine & { capacityBytes: number },
  disk: string,
  size: number,
): string {
  const { name, vcpus, memoryMiB, capacityBytes } = machine
  const item = (id: number, type: number, what: string, more = ''): string =>
    `<Item><rasd:ElementName>${what}</rasd:ElementName><rasd:InstanceID>${id}</rasd:InstanceID><rasd:ResourceType>${type}</rasd:ResourceType>${more}</Item>`
  const quantity = (value: number): string =>
    `<rasd:VirtualQuantity>${value}</rasd:VirtualQuantity>`
  const memory = `<rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>${quantity(memoryMiB)}`
  const onDisk =
    '<rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:Parent>3</rasd:Parent>'
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">',
    `<References><File ovf:href="${disk}" ovf:id="file1" ovf:size="${size}"/></References>`,
    `<DiskSection><Info>Disks</Info><Disk ovf:capacity="${capacityBytes}" ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/></DiskSection>`,
    `<VirtualSystem ovf:id="${name}"><Info>A machine</Info><Name>${name}</Name>`,
    '<OperatingSystemSection ovf:id="101"><Info>The system</Info></OperatingSystemSection>',
    '<VirtualHardwareSection><Info>The hardware</Info>',
    `<System><vssd:ElementName>Virtual hardware</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemIdentifier>${name}</vssd:VirtualSystemIdentifier><vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType></System>`,
    item(1, 3, `${vcpus} processors`, quantity(vcpus)),
    item(2, 4, `${memoryMiB} MiB of memory`, memory),
    item(3, 6, 'SCSI controller', '<rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>'),
    item(4, 17, 'Disk 1', onDisk),
    '</VirtualHardwareSection></VirtualSystem></Envelope>',
    '',
  ].join('\n')
}
