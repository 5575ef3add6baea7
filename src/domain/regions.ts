/** AWS's regions, by the names clients know. Source: AWS, "Regions and Zones", opt-in status of a new account. */
export interface Region {
  name: string
  endpoint: string
  optInStatus: 'opt-in-not-required' | 'not-opted-in'
}

const BY_DEFAULT = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
]

const OPT_IN = [
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-7',
  'ca-west-1',
  'eu-central-2',
  'eu-south-1',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'mx-central-1',
]

export const REGIONS: readonly Region[] = [
  ...BY_DEFAULT.map((name) => region(name, 'opt-in-not-required')),
  ...OPT_IN.map((name) => region(name, 'not-opted-in')),
].sort((a, b) => (a.name < b.name ? -1 : 1))

function region(name: string, optInStatus: Region['optInStatus']): Region {
  return { name, endpoint: `ec2.${name}.amazonaws.com`, optInStatus }
}
