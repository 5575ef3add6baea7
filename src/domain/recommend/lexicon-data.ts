/**
 * Names and words of what keeps and moves data: databases of every kind, caches, search, streams, warehouses, storage.
 * The form is told in lexicon.ts.
 */
export const DATA_LEXICON = `
time-series 3: measurements of sensors, sensor data, sensor readings, weather station,
  weather stations
columnar 3: analysts, analytical warehouse, bigquery replacement, own warehouse,
  redshift replacement, snowflake replacement
dense-storage 2.6: bulk storage, cheap storage, huge storage, lots of disk, lots of storage,
  mass storage, much storage, petabyte, petabytes, terabytes of files
memory-heavy 4 gib=128 vcpus=16: filecoin sealing, lotus miner, plonk prover, sealing, zk prover,
  zkproof
dense-storage 3: backup archive, blue iris, camera recordings, cctv, dash cam, dvr, footage,
  ipfs node, long term archive, media archive, milestone xprotect, nvr, raw footage,
  security camera, surveillance, surveillance recorder, tape, video recorder, zoneminder
relational 3.5: 4d server, access database, amazon rds custom, citus, db2, edb postgres,
  enterprisedb, filemaker server, firebird, galera, galera cluster, informix, ingres,
  innodb cluster, interbase, mariadb, ms sql, mssql, mssqlserver, mysql, mysql replica, nominatim,
  nuodb, oracle 12c, oracle 19c, oracle 21c, oracle 23ai, oracle database, oracle db, oracle rac,
  osm planet, patroni, percona, percona server, pg database, pgpool, pgsql, pgvector, postgis,
  postgres, postgres primary, postgresql, progress openedge, psql, read replica,
  relational database, sap ase, sql database, sql server, sybase, timescale, timescaledb
relational 3.5 gib=64: osm planet
relational 2: acid, database, database server, db server, hot standby, oltp, oracle, rdbms, rds,
  relational, sql, stored procedures, transactional
small-database 4: hobby database, little database, small database, sqlite, tiny database
licensed-cores 4.5: as few cores, core based licensing, core licence, core license, few cores,
  fewest cores, licence per core, licenced per core, licences per core, license per core,
  licensed by core, licensed by the core, licensed for each core, licensed per core,
  licensed per cpu, licenses per core, per core licence, per core licencing, per core license,
  per core licensing
cache 3: apache ignite, coherence cache, couchbase memcached, dragonfly db, dragonflydb, ehcache,
  garnet cache, gemfire, geode, gridgain, hazelcast, infinispan, keydb, memcache, memcached, olric,
  redis, redis cache, redis cluster, redis sentinel, session store, tarantool, terracotta bigmemory,
  twemproxy, valkey, varnish
cache 2.5: cache, cache server, caching, in memory cache, leaderboard
cache 1: keys, session, sessions, ttl keys
memory-heavy 3: all in ram, altibase, annoy index, arangodb, chroma db, chromadb, data frame,
  dataframe, dgraph, essbase, exasol, faiss, fit in memory, fit in ram, fits in ram, gephi,
  graph database, graphhopper, held in memory, high memory, hnsw, huge memory, igraph,
  in memory analytics, in memory database, in ram, janusgraph, kdb, kdb+, lancedb, large memory,
  lots of memory, lots of ram, memgraph, memory bound, memory heavy, memory hungry,
  memory intensive, memsql, milvus, much memory, neo4j, networkx, olap cube, opentripplanner,
  orientdb, osrm, pandas, pelias, plenty of memory, plenty of ram, polars, posit workbench,
  power pivot, qdrant, qlik, qlikview, r studio, ram heavy, ram hungry, redisgraph, routing engine,
  rstudio, rstudio server, sas analytics, singlestore, spss, stata, tigergraph, timesten, tm1,
  tons of memory, tons of ram, valhalla routing, vector database, vector db, vector search, vespa,
  voltdb, weaviate
memory-heavy 2: excel with millions of rows, graph, huge matrix, in memory, jupyter, jupyterlab,
  large matrices, memory, notebook, sparse matrix, tensor decomposition, zeppelin
memory-heavy 3 each=1: datalab, jupyter hub, jupyterhub, rstudio for a class,
  students with notebooks
memory-heavy 4 gib=384 vcpus=16: agave validator, firedancer, jito solana, solana, solana rpc,
  solana validator
memory-heavy 4 gib=256: blast, blastn, blastp, canu, de novo assembly, diamond blast, flye,
  genome assembly, hifiasm, kraken, kraken2, megahit, megan, metagenomics, metaspades, spades,
  trinity assembly, verkko
memory-heavy 4 gib=32: bismark, cell ranger, cellranger, dropseq, minimap2, rna seq, rnaseq,
  star aligner
memory-heavy 4 gib=64: bioconductor, gwas, hail genomics, imputation, plink, regenie, scanpy, scrna,
  seurat, single cell, single cells, spatial transcriptomics, uk biobank, ukbiobank
sap-hana 4: bw 4hana, bw on hana, hana, s 4 hana, s 4hana, s4hana, sap hana
sap-hana 1.5: sap
document-database 3: arango documents, basex, couchbase, couchdb, document database, document store,
  documentdb, existdb, ferretdb, firestore, json documents, marklogic, mongo, mongod, mongodb,
  ravendb, replica set, rethinkdb
distributed-sql 4: cockroach, cockroachdb, crdb, distributed sql, newsql, oceanbase, planetscale,
  polardb, tidb, vitess, yugabyte, yugabytedb
wide-column 4: accumulo, aerospike, badgerdb, bigtable, cassandra, datastax, dse cluster,
  foundationdb, hbase, k8ssandra, leveldb, pebble store, riak, rocksdb, scylla, scylladb, tikv,
  voldemort, wide column, ycsb
wide-column 2.5: key value, key value store, nosql
wide-column 0.5: time series
search 3: arcsight, elastic stack, elasticsearch, elk, elk stack, full text, full text search,
  graylog, humio, kibana, log analytics, log management, logscale, logstash, lucene, manticore,
  nutch, opensearch, opensearch data node, qradar, quickwit, search engine, security onion, siem,
  solr, sphinx search, splunk, vespa search, victorialogs, wazuh, xapian, zincsearch
search 2.5 gib=4: meilisearch, typesense
search 1.5: indexer, log, log collector, logs, search, searching
monitoring 3 gib=4: alertmanager, apm server, cacti, centreon, checkmk, collectd, cortex metrics,
  datadog agent, fluent bit, fluentd, glitchtip, grafana, graphite, icinga, jaeger, librenms, loki,
  metrics server, mimir, monitoring, munin, nagios, netbox, netdata, observability, observium,
  opennms, opentelemetry collector, otel collector, prometheus, prtg, pyroscope, rsyslog, sensu,
  sentry, signoz, skywalking, solarwinds, statsd, syslog server, telegraf, tempo, thanos, tracing,
  vector dev, victoria metrics, victoriametrics, zabbix, zipkin
time-series 3: crate db, cratedb, greptimedb, historian, influx, influxdb, iotdb, kairosdb, m3db,
  opentsdb, osisoft, pi system, questdb, tdengine, time series database, tsdb
columnar 3: apache doris, apache druid, clickhouse, column store, columnar, databend, doris, dremio,
  druid, duckdb, firebolt, greenplum, kylin, mariadb columnstore, monetdb, olap, pinot, posthog,
  snowplow, starrocks, vertica
columnar 1: dashboard, data lake, datalake
streams 3: activemq, apache nifi, artemis, automq, azure event hub, beanstalkd, confluent, debezium,
  emr streams, event bus, event sourcing, event stream, event streaming, eventstore, gearman,
  ibm mq, kafka, kafka connect, ksqldb, message broker, message queue, mqseries, msk, nifi, nsq,
  pravega, pulsar, rabbitmq, redis streams, redpanda, rocketmq, solace, strimzi, tibco, warpstream
streams 2: broker, partitions, pub sub, pubsub, queueing, topics
analytics 3: airbyte, alteryx, apache beam, apache spark, dask, data engineering, data pipeline,
  databricks, dataproc, delta lake, drill, elt, emr, etl, flink, glue jobs, h2o ai, hive, hudi,
  iceberg, impala, kedro, knime, kudu, mahout, map reduce, mapreduce, meltano, oozie, parquet,
  presto, pyspark, rapidminer, ray cluster, samza, singer taps, spark, sqoop, storm topology, tez,
  trino, trino worker
analytics 2: aggregate, aggregations, analytic, analytics, bi, big data, business intelligence,
  crunch data, data science, data scientist, joins, reporting, statistics
dense-storage 3: beegfs, big disks, ceph, cheap disk, cheap disks, chia, data warehouse on disks,
  dense storage, distributed file system, filecoin, garage s3, gluster, glusterfs, hadoop, hdfs,
  ipfs, longhorn, lustre, minio, moosefs, object storage, object store, openstack swift, orangefs,
  plotting, rook ceph, s3 compatible, seaweedfs, spinning disks, spinning rust, storj,
  swift object storage, tape replacement
dense-storage 2: archival, archive server, cold data, cold storage, data archive, data warehouse,
  footage archive, hard disk, hard drive, hdd, magnetic, sequential, spinning,
  surveillance recordings, warehouse
storage-heavy 3: disk bound, disk heavy, disk intensive, fast scratch, i o heavy, i o intensive,
  io bound, io heavy, io intensive, local nvme, local nvmes, local ssd, local ssds, nvme scratch,
  random io, random reads, scratch space, storage heavy, storage intensive
storage-heavy 1.5: fast disk, fast ssd, iops, nvme, scratch, ssd
blockchain 4 gib=16 vcpus=4: aptos, arbitrum node, archive node, avalanche node, avalanchego,
  base node, besu, blockchain, blockchain node, bnb node, bsc node, cardano, corda, cosmos hub,
  cosmos validator, erigon, eth node, ethereum, geth, graph node, hyperledger, hyperledger fabric,
  lighthouse, near validator, nethermind, optimism node, polkadot, polygon node, prysm,
  quorum blockchain, reth, rpc node, substrate node, sui node, teku, tendermint, thegraph, ton node,
  tron node, validator node
small-node 4 gib=4: bitcoin, bitcoin full node, bitcoin node, bitcoind, btcpay, btcpayserver,
  core lightning, dogecoin node, electrs, electrum server, fulcrum server, lightning node,
  litecoin node, lnd, mempool space, monero node, monerod, stellar core, zcash node
`
