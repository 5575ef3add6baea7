/**
 * Forty more workloads, in the form of workloads.ts, as different new users would type them: odd units, negations,
 * ranges, misspelt words, two loads in one, budgets by the month, German and French words. Committed before they were
 * first run; docs/choosing.md says what that first run came to.
 */
import type { DescribedWorkload } from './described-workload.ts'

export const THIRD_WORKLOADS_A: readonly DescribedWorkload[] = [
  {
    text: 'something for a Ghost blog, budget 10 dollars a month',
    accept: ['t'],
    must: { usdPerHourMax: 0.0137 },
    why: 'Ten dollars are 1.37 cents for each of 730 hours: only small burstable types cost so little.',
    guide: 'Amazon EC2 User Guide: Burstable performance instances',
  },
  {
    text: 'Kleiner Webserver für meinen Verein, möglichst günstig',
    accept: ['t'],
    must: { vcpusMax: 2 },
    why: 'A small site that is mostly idle, and cheap: credits.',
    guide: 'Amazon EC2 User Guide: Burstable performance instances',
  },
  {
    text: 'serveur web pour une petite association, pas cher',
    accept: ['t'],
    must: { vcpusMax: 2 },
    why: 'The same in French: small, idle, cheap.',
    guide: 'Amazon EC2 User Guide: Burstable performance instances',
  },
  {
    text: 'Datenbank mit PostgreSQL, 64 GB Arbeitsspeicher',
    accept: ['r', 'm', 'x'],
    must: { memoryMinGiB: 59 },
    why: 'A database with memory named: memory optimised, or the general purpose size that has it.',
    guide: 'Amazon RDS User Guide: DB instance RAM recommendations',
  },
  {
    text: 'une base de données MySQL avec 32 Go de RAM',
    accept: ['r', 'm', 'x'],
    must: { memoryMinGiB: 29 },
    why: 'Go is the French for GB; databases are served from memory.',
    guide: 'Amazon RDS User Guide: DB instance RAM recommendations',
  },
  {
    text: 'inference of a small BERT model on CPU only, no GPU please',
    accept: ['c', 'm'],
    why: 'Without an accelerator, vector units at high clock count: compute optimised.',
    guide: 'Amazon EC2 Instance Types: Compute Optimized',
  },
  {
    text: 'no graphics card needed, just crunch numbers on 32 cores all weekend',
    accept: ['c', 'hpc', 'm'],
    must: { vcpusMin: 32 },
    why: 'Sustained calculation on many cores is what compute optimised types are for.',
    guide: 'Amazon EC2 Instance Types: Compute Optimized',
  },
  {
    text: 'between 8 and 16 vCPUs, 64 to 128 GB memory, for an in-memory cache',
    accept: ['r', 'x'],
    must: { vcpusMin: 8, vcpusMax: 16, memoryMinGiB: 59, memoryMaxGiB: 128 },
    why: 'Eight GiB for each vCPU: memory optimised, within both ranges.',
    guide: 'Amazon EC2 Instance Types: Memory Optimized',
  },
  {
    text: '128000 MB RAM for a Redis',
    accept: ['r', 'x'],
    must: { memoryMinGiB: 119 },
    why: '128,000 MB are 119 GiB; Redis keeps all of it in memory.',
    guide: 'Amazon EC2 Instance Types: Memory Optimized',
  },
  {
    text: 'half a terabyte of memory for pandas dataframes',
    accept: ['r', 'x', 'u'],
    must: { memoryMinGiB: 465 },
    why: 'Half a terabyte is 465 GiB at the least; data frames live in memory.',
    guide: 'Amazon EC2 Instance Types: Memory Optimized',
  },
  {
    text: 'kuberntes nodes for a microservice backend',
    accept: ['m', 'c'],
    why: 'Misspelt; mixed containers want the balance of general purpose types.',
    guide: 'Amazon EC2 Instance Types: General Purpose',
  },
  {
    text: 'postgress databse for our shop, about 200 orders per day',
    accept: ['t', 'm', 'r'],
    why: 'Misspelt; a light database fits burstable or general purpose, and memory optimised if it grows.',
    guide: 'Amazon RDS User Guide: DB instance RAM recommendations',
  },
  {
    text: 'elasticserch cluster with 2TB fast local disks per node',
    accept: ['i', 'im', 'is'],
    must: { storeMinGB: 1800 },
    why: 'Large local SSDs beside memory: storage optimised.',
    guide: 'Amazon OpenSearch Service: Choosing instance types and testing',
  },
  {
    text: 'a web frontend and a MariaDB on the same machine, 100 users',
    accept: ['t', 'm'],
    why: 'Two loads of different kinds on one machine: balance.',
    guide: 'Amazon EC2 Instance Types: General Purpose',
  },
  {
    text: 'Redis cache plus a worker that resizes images, same box',
    accept: ['m', 'r', 't', 'c'],
    must: { memoryMinGiB: 2 },
    why: 'Memory for the one and CPU for the other: general purpose first.',
    guide: 'Amazon EC2 Instance Types: General Purpose',
  },
  {
    text: 'Minecraft server for my kids and 5 friends, max 20 EUR per month',
    accept: ['t', 'm', 'c'],
    must: { usdPerHourMax: 0.04, memoryMinGiB: 2 },
    why: 'Twenty euros are 2 to 3 cents an hour, and the game wants some gigabytes.',
    guide: 'Amazon EC2 User Guide: Burstable performance instances',
  },
  {
    text: 'fine-tune Llama 3 8B with LoRA',
    accept: ['g', 'p', 'trn'],
    must: { acceleratorMinGB: 16 },
    why: 'Eight billion parameters in half precision are 16 GB before anything else.',
    guide: 'AWS Deep Learning AMIs Developer Guide: Recommended GPU instances',
  },
  {
    text: 'serve a 70b LLM with vLLM',
    accept: ['g', 'p', 'inf'],
    must: { acceleratorMinGB: 70 },
    why: 'Seventy billion parameters want 140 GB in half precision, 70 in eight bits.',
    guide: 'AWS Deep Learning AMIs Developer Guide: Recommended GPU instances',
  },
  {
    text: 'transcode 4K live streams with ffmpeg, hardware encoder',
    accept: ['g', 'vt'],
    why: 'NVENC of G types or the media accelerators of VT1 encode in hardware.',
    guide: 'Amazon EC2 Instance Types: Accelerated Computing',
  },
  {
    text: 'ffmpeg batch jobs on plain CPUs, nothing with a GPU',
    accept: ['c'],
    why: 'Video encoding is named as a use of compute optimised types.',
    guide: 'Amazon EC2 Instance Types: Compute Optimized',
  },
]
