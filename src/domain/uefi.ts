/** Variables of UEFI firmware: boot entries, and the keys of Secure Boot. Plain data that survives JSON. */

export interface UefiVariable {
  name: string
  /** Of its namespace, 32 digits in the order of its bytes. */
  guid: string
  attributes: number
  /** Base64. */
  data: string
  /** Of authenticated variables, 32 digits; null: none. */
  timestamp: string | null
}

/** EFI_VARIABLE_TIME_BASED_AUTHENTICATED_WRITE_ACCESS: it carries a time. UEFI 2.10, 8.2. */
export const UEFI_TIME_BASED = 0x20
/** EFI_VARIABLE_NON_VOLATILE. */
export const UEFI_NON_VOLATILE = 0x01

/** EFI_GLOBAL_VARIABLE, 8be4df61-93ca-11d2-aa0d-00e098032b8c. */
const GLOBAL = '61dfe48bca93d211aa0d00e098032b8c'

/** With a platform key, the firmware starts only what its keys have signed. */
export function hasPlatformKey(variables: readonly UefiVariable[]): boolean {
  return variables.some((one) => one.name === 'PK' && one.guid === GLOBAL && one.data !== '')
}
