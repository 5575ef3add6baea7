/** Workloads that keep data: databases, caches, search, streams, analytics, dense storage. See workload.ts. */
import type { Profile } from './workload.ts'

const MEMORY = 'has 8 GiB of memory a vCPU, so that the working set fits at the lowest price'
const EXTREME = 'has 16 GiB of memory a vCPU or more'
const NVME = 'has local NVMe SSDs with the lowest latency for random access'
const VARIANT = 'has local NVMe SSDs beside memory and vCPUs'

export const DATA_PROFILES: readonly Profile[] = [
  {
    name: 'relational',
    title: 'a relational database',
    phrases: [
      [/\b(?:postgres(?:ql)?|mysql|mariadb|percona|sql server|mssql|oracle|db2|aurora)\b/, 3],
      [/\b(?:relational|oltp|sql|database|rdbms)\b/, 1.5],
    ],
    suits: [
      { series: ['r'], weight: 1, because: MEMORY },
      { series: ['x'], weight: 0.9, because: EXTREME },
      { series: ['m'], weight: 0.55, because: 'has 4 GiB a vCPU, enough where the data is small' },
    ],
    demand: { vcpus: 2, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'memory',
    advice: 'Put the data on gp3 or io2 volumes: their IOPS count besides those of the type.',
  },
  {
    name: 'small-database',
    title: 'a small database',
    phrases: [
      [
        /\b(?:little|small|hobby|tiny)\b.*\b(?:postgres(?:ql)?|mysql|mariadb|sqlite|database)\b/,
        3.7,
      ],
      [
        /\b(?:postgres(?:ql)?|mysql|mariadb|sqlite|database)\b.*\b(?:little|small|not much traffic|low traffic|hobby|tiny)\b/,
        3.7,
      ],
      [/\bsqlite\b/, 3],
    ],
    suits: [
      { series: ['t'], weight: 1, because: 'idles mostly and is the cheapest' },
      { series: ['m', 'r'], weight: 0.8, because: 'keeps its CPU at all times' },
    ],
    demand: { vcpus: 2, memoryGiB: 4 },
    cpu: 'bursty',
    speedBy: 'memory',
  },
  {
    name: 'licensed-cores',
    title: 'a database that is licensed by the core',
    phrases: [
      [
        /\b(?:licen[sc]ed?|licen[sc]ing|licen[sc]es?) (?:per|by|each|for (?:each|every)) (?:the )?(?:v?cpu|core)\b/,
        4,
      ],
      [/\bper[- ]core (?:licen[sc]\w+)\b/, 4],
      [/\bas few cores as possible\b|\bfew cores\b/, 2],
    ],
    suits: [
      { series: ['x+z'], weight: 1, because: 'has 32 GiB a vCPU and fast cores: few licences' },
      { series: ['x'], weight: 0.9, because: `${EXTREME}: few licences` },
      {
        series: ['r+z', 'z'],
        weight: 0.8,
        because: 'has fast cores with much memory: few licences',
      },
      { series: ['r'], weight: 0.7, because: MEMORY },
    ],
    demand: { vcpus: 2, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'memory',
    requires: {
      requirements: { vcpus: { max: 8 }, architectures: ['x86_64'] },
      because: 'each core costs a licence, and such databases are sold for x86',
    },
    advice: 'CPU options (CoreCount, ThreadsPerCore) at launch lower the count of cores further.',
  },
  {
    name: 'cache',
    title: 'a cache in memory',
    phrases: [
      [/\b(?:redis|memcached?|valkey|hazelcast|keydb|dragonfly|varnish|ignite)\b/, 3],
      [/\bcach(?:e|ing)\b/, 2],
      [/\bsessions\b/, 1],
    ],
    suits: [
      { series: ['r'], weight: 1, because: MEMORY },
      { series: ['x'], weight: 0.9, because: EXTREME },
      { series: ['m'], weight: 0.5, because: 'has 4 GiB a vCPU' },
    ],
    demand: { vcpus: 2, memoryGiB: 8 },
    cpu: 'steady',
    speedBy: 'memory',
  },
  {
    name: 'memory-heavy',
    title: 'work that is all in memory',
    phrases: [
      [/\b(?:memory|ram)[- ](?:heavy|hungry|intensive|bound)\b/, 3],
      [/\bin[- ]memory\b/, 2],
      [/\b(?:lots|plenty|tons) of (?:memory|ram)\b/, 2],
      [/\b(?:pandas|dataframes?|jupyter|notebooks?|rstudio)\b/, 2],
      [/\b(?:neo4j|graph database|kdb|exasol)\b/, 2],
    ],
    suits: [
      { series: ['r'], weight: 1, because: MEMORY },
      { series: ['x'], weight: 1, because: EXTREME },
      { series: ['u'], weight: 0.9, because: 'has terabytes of memory' },
    ],
    demand: { vcpus: 4, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'memory',
  },
  {
    name: 'sap-hana',
    title: 'SAP HANA',
    phrases: [
      [/\b(?:hana|s\/4 ?hana|netweaver)\b/, 3],
      [/\bsap\b/, 1],
    ],
    suits: [
      { series: ['u'], weight: 1, because: 'is a high memory type, certified for SAP HANA' },
      {
        series: ['x'],
        weight: 0.9,
        because: `${EXTREME}; many of them are certified for SAP HANA`,
      },
      { series: ['r'], weight: 0.6, because: 'is certified for SAP HANA in several sizes' },
    ],
    demand: { vcpus: 32, memoryGiB: 256 },
    cpu: 'steady',
    speedBy: 'memory',
    requires: { requirements: { architectures: ['x86_64'] }, because: 'SAP HANA runs on x86' },
    advice:
      "Check the size in SAP's certified hardware directory: only listed sizes are supported.",
  },
  {
    name: 'document-database',
    title: 'a document database',
    phrases: [[/\b(?:mongo(?:db)?|couch(?:db|base)|documentdb|ravendb|firestore)\b/, 3]],
    suits: [
      { series: ['r'], weight: 1, because: MEMORY },
      { series: ['i'], weight: 0.7, because: NVME },
    ],
    demand: { vcpus: 2, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'memory',
  },
  {
    name: 'wide-column',
    title: 'a database that replicates upon local SSDs',
    phrases: [
      [/\b(?:cassandra|scylla(?:db)?|aerospike|hbase|rocksdb|tikv|foundationdb|cockroach\w*)\b/, 4],
      [/\b(?:nosql|key[- ]value)\b/, 2],
      [/\btime series\b/, 0.5],
    ],
    suits: [
      { series: ['i', 'im', 'is'], weight: 1, because: NVME },
      { series: ['m+d', 'r+d'], weight: 0.6, because: VARIANT },
    ],
    demand: { vcpus: 4, memoryGiB: 16, localStorageGB: 400 },
    cpu: 'steady',
    speedBy: 'storage',
    requires: {
      requirements: { localStorage: 'required', localStorageTypes: ['ssd'] },
      because: 'it keeps several copies by itself and lives from random access to local SSDs',
    },
    advice: 'Local disks are empty after a stop: keep copies on several machines.',
  },
  {
    name: 'search',
    title: 'search and logs',
    phrases: [
      [/\b(?:elastic ?search|open ?search|solr|lucene|splunk|graylog|loki|elk|full[- ]text)\b/, 3],
      [/\blogs?\b/, 1],
    ],
    suits: [
      {
        series: ['r'],
        weight: 1,
        because: `${MEMORY}: half for the heap, half for the page cache`,
      },
      { series: ['i', 'im'], weight: 0.9, because: NVME },
      { series: ['m+d'], weight: 0.6, because: VARIANT },
    ],
    demand: { vcpus: 4, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'memory',
  },
  {
    name: 'columnar',
    title: 'analytics upon fast local disks',
    phrases: [
      [/\b(?:clickhouse|druid|pinot|duckdb|starrocks|doris|greenplum|vertica|dremio)\b/, 3],
      [/\bdashboards?\b|\bolap\b|\bdata ?lake\b/, 1],
    ],
    suits: [
      { series: ['i', 'im', 'is'], weight: 1, because: NVME },
      { series: ['r+d', 'm+d'], weight: 0.8, because: VARIANT },
    ],
    demand: { vcpus: 8, memoryGiB: 32, localStorageGB: 400 },
    cpu: 'steady',
    speedBy: 'storage',
    requires: {
      requirements: { localStorage: 'required', localStorageTypes: ['ssd'] },
      because: 'it reads columns from local SSDs',
    },
    advice: 'Local disks are empty after a stop: keep copies on several machines or in S3.',
  },
  {
    name: 'streams',
    title: 'message brokers and streams',
    phrases: [
      [/\b(?:kafka|pulsar|red ?panda|rabbit ?mq|nats|activemq|kinesis)\b/, 3],
      [/\b(?:brokers?|event stream\w*|message queue)\b/, 2],
    ],
    suits: [
      { series: ['m'], weight: 1, because: 'is what AWS itself offers for brokers (MSK)' },
      { series: ['r'], weight: 0.7, because: 'has more memory for the page cache' },
      { series: ['i', 'im'], weight: 0.7, because: NVME },
    ],
    demand: { vcpus: 4, memoryGiB: 16 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'analytics',
    title: 'analytics over large data',
    phrases: [
      [/\b(?:spark|emr|presto|trino|flink|hive|dask|ray|etl|elt|airflow|databricks)\b/, 2.5],
      [/\b(?:analytics?|big data|data science|reporting|bi)\b/, 2],
    ],
    suits: [
      { series: ['r'], weight: 1, because: 'keeps the data of a stage in memory, 8 GiB a vCPU' },
      { series: ['m'], weight: 0.9, because: 'balances memory and vCPUs' },
      { series: ['r+d', 'm+d', 'i'], weight: 0.7, because: `${VARIANT}, for shuffles` },
    ],
    demand: { vcpus: 8, memoryGiB: 32 },
    cpu: 'steady',
    speedBy: 'vcpu',
  },
  {
    name: 'dense-storage',
    title: 'much data read in sequence from local disks',
    phrases: [
      [/\b(?:hdfs|hadoop|lustre|ceph|minio|gluster|distributed file)\b/, 3],
      [/\b(?:data warehouse|warehouse)\b/, 1.5],
      [/\b(?:spinning|hdds?|hard (?:disks?|drives?)|magnetic|sequential)\b/, 2],
      [/\b(?:cheap disk|dense storage|archive|cold (?:data|storage))\b/, 2],
    ],
    suits: [
      { series: ['d', 'h'], weight: 1, because: 'has the cheapest local terabytes, on hard disks' },
      { series: ['is', 'im'], weight: 0.5, because: 'has dense local SSDs' },
    ],
    demand: { vcpus: 4, memoryGiB: 16, localStorageGB: 2000 },
    cpu: 'steady',
    speedBy: 'storage',
    requires: {
      requirements: { localStorage: 'required' },
      because: 'the data lies on disks of the machine itself',
    },
    advice: 'Local disks are empty after a stop: keep copies on several machines.',
  },
  {
    name: 'storage-heavy',
    title: 'work upon local SSDs',
    phrases: [
      [/\b(?:storage|disk|io|i\/o)[- ](?:heavy|intensive|bound|hungry)\b/, 3],
      [/\blocal (?:nvmes?|ssds?)\b/, 2],
      [/\b(?:iops|scratch)\b/, 1.5],
    ],
    suits: [
      { series: ['i', 'im', 'is'], weight: 1, because: NVME },
      { series: ['m+d', 'r+d', 'c+d'], weight: 0.6, because: VARIANT },
    ],
    demand: { vcpus: 4, memoryGiB: 16, localStorageGB: 500 },
    cpu: 'steady',
    speedBy: 'storage',
    requires: {
      requirements: { localStorage: 'required', localStorageTypes: ['ssd'] },
      because: 'it wants fast disks in the machine itself',
    },
    advice: 'Local disks are empty after a stop: only what can be lost belongs there.',
  },
]
