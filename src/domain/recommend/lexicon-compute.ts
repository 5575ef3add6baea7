/**
 * Names and words of what computes: builds, batches, science, chips, video, hypervisors; models are in
 * lexicon-models.ts. The form is told in lexicon.ts.
 */
export const COMPUTE_LEXICON = `
hpc 3.5: numerical weather, weather prediction, weather simulation
hpc 1: weather
hpc 1.6: les simulation, mesh, meshes, wing
hpc 2.6: airfoil, flow of air, flow simulation, navier stokes, solver mesh
batch 2.6: artillery io, gatling, jmeter, k6, load generator, load test, load testing, locust,
  stress test, stress testing, vegeta, virtual users, wrk
mac 4: a mac, homebrew on mac, imac, mac, mac studio, macos sequoia, on a mac, safari on mac,
  sequoia, sonoma, ventura
batch 2.5: agent based, anylogic, arena simulation, bootstrap, bootstrapping statistics,
  brute force, discrete event, fractal, game of life, mandelbrot, mersenne, optaplanner,
  password list, pi digits, primes, quantitative, resample, scheduling solver, simpy, sudoku,
  swaption, timefold, timetabling, traffic simulation, travelling salesman, vehicle routing
hpc 3: aerodynamics, air quality model, antenna, combustion, comsol multiphysics, coupled model,
  crash test, cst studio, dns turbulence, docking mpi, electromagnetic, ensemble forecast, fdtd,
  feko, flood model, free energy, fusion plasma, gravitational, groundwater, gyrokinetic,
  large eddy, lumerical, meep, modflow, multiphysics, n-body, nuclear, ocean model, oil reservoir,
  protein folding on cpu, structural analysis, thermal simulation, tokamak, topology optimisation,
  tsunami, turbulence, wind tunnel
build 3: apk, app bundle, binhost, ccache, clang tidy, compile farm, coverity, cross compilation,
  cross compile, emerge world, flutter builds, gentoo, ios ci alternative, load tests,
  mutation testing, react native builds, regression test suite, simulator tests, sonar scanner,
  static analysis, toolchain
gpu 3: ansys gpu, arnold gpu, basecaller, basecalling, bonito, cuquantum, deep space stacking,
  dorado, fdtd gpu, gpu rendering, guppy, lattice boltzmann gpu, lumerical gpu, meep gpu,
  movie render queue, nanopore, qiskit aer gpu, quantum circuit simulation, renderman xpu, rvc,
  siril, starnet, unreal render, vray gpu
build 3: actions runner, azure devops agent, azure pipelines, bamboo agent, bazel, bazel remote,
  bitbake, build agent, build bot, build box, build farm, build machine, build server, buildbarn,
  buildbot, buildfarm, buildkite, buildroot, cargo build, ci, ci cd, cicd, circleci, clusterfuzz,
  compilation, compile, compiler, compiling, concourse, cypress, debian packages, distcc,
  docker builds, drone ci, e2e, e2e test, fuzzer, fuzzing, gcc bootstrap, github action,
  github runner, gitlab ci, gitlab runner, goma, gradle, hydra ci, icecc, image builds,
  incredibuild, integration test, jenkins, jenkins agent, jenkins server, jest, kernel compile,
  koji, lineageos, linker, linux kernel, maven, monorepo, nix build, nix builder, openwrt build,
  oss fuzz, packer builds, playwright tests, pytest, reclient, rpm build, runner, sccache, selenium,
  selenium grid, self hosted runner, shader compile, teamcity, teamcity agent, tekton, test suite,
  travis, unit test, webkit, woodpecker ci, yocto
build 3.5 vcpus=16: android rom, aosp, chromium, llvm, shader compilation, unreal build, yocto
build 2: build, builder, cmake, continuous integration, make j, nightly build, ninja, webpack
build 0.5: android, c++, cpp, golang build, kernel, rust
batch 3: actuarial, backtest, backtesting, batch job, batch processing, boinc, chess engine,
  compress files, comsol, condor pool, cplex, crawler, crawling, crunch numbers,
  derivatives pricing, embarrassingly parallel, fortran, geant4, genetic algorithm, ghostscript,
  gimps, gurobi, headless chrome, htcondor, image resizing, imagemagick, john the ripper, julia,
  libvips, linear programming, madgraph, mathematica, matlab, mining, mixed integer, monte carlo,
  montecarlo, murex, number crunching, number theory, numerix, numpy, ocr batch, octave,
  optimisation solver, option pricing, or tools, parameter sweep, pdf conversion, prime search,
  puppeteer, pythia, quantlib, r scripts, risk engine, root cern, sat solver, scip solver, scipy,
  scrape, scraping, scrapy, simulink, smt solver, stockfish, tesseract, thumbnail, value at risk,
  web scraping, xmr mining, xva, zip files
batch 3 gib=32 vcpus=16: autodock, bcftools, beast phylogeny, beast2, bioinformatics, bowtie,
  bowtie2, bwa, bwa mem, cromwell, diann, docking, exome, fastq, foldseek, fragpipe, gatk, genomic,
  genomics, hisat2, hmmer, illumina, interproscan, iqtree, kallisto, mass spectrometry, maxquant,
  mrbayes, nextflow, nf core, phylogenetics, protein search, proteomics, pyrosetta, qiime, raxml,
  rosetta, samtools, sarek, sentieon, sequencing, sequencing data, snakemake, variant calling,
  virtual screening, whole genome
batch 2: all cores, all weekend, batch, calculation, chemistry, cpu bound, cpu heavy, cpu intensive,
  crunch, crunching, every evening, every night, job, nightly, optimisation, optimization,
  overnight, physics, pricing, protein, queue, risk, scientific, simulate, simulation, solver
eda 4: asic, cadence, calibre drc, chip design, chip verification, design compiler, dft insertion,
  eda, finesim, formal verification, fpga synthesis, fusion compiler, gate level,
  gate level simulation, hspice, icc2, innovus, jaspergold, klayout, mentor graphics, modelsim,
  netlist, ngspice, openlane, openroad, physical verification, place and route, pnr, primesim,
  primetime, quartus, questa, questasim, rtl, siemens eda, signoff, spectre, spice simulation,
  static timing, synopsys, systemverilog, tape out, tapeout, tempus, uvm testbench, vcs,
  vcs regression, verilator, verilog, vhdl, voltus, xcelium, yosys
eda 3: best single core, clock rate, clock speed, fast core, fastest core, fastest single core,
  feed handler, few threads, high clock, highest clock, one thread, single core, single thread,
  single thread performance, single threaded, single threaded performance, very fast core
hpc 3.5: ab initio, abaqus, abinit, amber md, ansys, ansys cfx, ansys fluent, ansys mechanical,
  calculix, castep, cesm, cfd, charmm, climate model, code aster, code saturne,
  computational fluid dynamics, converge cfd, cosmology, cp2k, crash simulation, dealii, delft3d,
  density functional, dft calculation, ecmwf, elmer fem, fea, fem, fenics, finite element,
  fluid dynamics, full waveform inversion, gamess, gaussian 16, gaussian16, gromacs, hfss, hpc,
  hydrodynamics, icon model, lammps, lattice qcd, ls dyna, lsdyna, mcnp, mitgcm, molecular dynamics,
  molpro, mpas, mpi, n body, namd, nastran, nek5000, nemo ocean, nwchem, openfoam, openmc, openmm,
  openmpi, opm flow, optistruct, orca quantum, pam crash, particle in cell, plasma simulation, psi4,
  quantum chemistry, quantum espresso, radioss, reservoir simulation, reverse time migration,
  roms ocean, seismic, seismic imaging, serpent neutronics, siesta, simcenter, star ccm, starccm,
  su2, supercomputer, supercomputing, swan waves, telemac, tnavigator, turbomole, vasp,
  weather forecast, weather model, wien2k, wrf
hpc 2.5: climate, efa, grid engine, hpl, infiniband, linpack, lsf, openpbs, parallelcluster,
  pbs pro, petsc, rank, slurm, tightly coupled, trilinos
video 3: av1, bento4, encode, encoder, encoding, ffmpeg, gstreamer, h264, h265, handbrake, hevc,
  lecture recording, mezzanine, prores, shaka packager, tdarr, transcode, transcoder, transcoding,
  vhs, video conversion, video pipeline, video processing, vod packaging, vp9, x264, x265
video 1.5: 1080p, 4k, 8k, film, movie, video
live-video 4: ant media, broadcast, broadcasting, channel encoding, hls live, iptv, linear tv,
  live stream, live streaming, live video, livestream, mediamtx, nimble streamer, ott channel,
  restream, rtmp, twitch, wowza
live-video 1: channel, stream
media-server 3.5: channels dvr, dlna, emby, jellyfin, media server, peertube, plex, plex server,
  tvheadend
render-cpu 3: appleseed, arnold renderer, blender, corona renderer, cpu rendering, deadline render,
  mantra, opencue, povray, render, render farm, render on cpu, renderer, rendering, renderman,
  v ray, vray
render-cpu 1: arnold, cinema 4d, houdini
gpu 3: agisoft, agisoft metashape, airsim, alphafold, alphafold2, alphafold3, blender cycles, boltz,
  carla simulator, colabfold, colmap, cryo em, cryoem, cryosparc, cuda, cudf, cuml, cupy, esmfold,
  folding at home, gaussian splat, gaussian splatting, gpgpu, gpu box, gpu compute, gpu computing,
  gpu machine, gpu mining, gpu server, hashcat, isaac gym, isaac sim, meshroom, metashape, nerf,
  nerfstudio, numba cuda, octanerender, opencl, opendronemap, openfold, parabricks,
  password cracking, photogrammetry, physx, pix4d, rapids, ray tracing, real esrgan,
  reality capture, realitycapture, redshift render, relion, rfdiffusion, rocm, topaz video,
  video upscaling, webodm
gpu 2: on 1 gpu, on a gpu, on gpu, on the gpu, using gpu, with 1 gpu, with a gpu, with gpu
fpga 5: alveo, fpga, fpga acceleration, fpga development, hls kernel, vitis, vivado, xilinx
mac 5: app store build, apple silicon, cocoapods, fastlane, ios, ios app, ipad, ipad app, iphone,
  iphone app, m1 mac, m2 mac, mac mini, mac os, macbook, macos, notarization, safari testing,
  swift app, swiftui, testflight, visionos, watchos, xcode
hypervisor 4: android emulator, cisco modeling labs, cloud hypervisor, cloudstack, cuttlefish,
  dev kvm, esxi, eve ng, firecracker, genymotion, gns3, harvester hci, hyper v, hypervisor,
  incus vms, kata containers, kubevirt, kvm, libvirt, lxd vms, microvm, my own virtual machines,
  nested virtualisation, nested virtualization, nested vm, nova compute, opennebula, openstack,
  openstack compute, own virtual machines, proxmox, proxmox ve, qemu, run my own vms, run vms,
  virt manager, virtualbox, vmware, vsphere, xcp ng, xen, xenserver
hypervisor 2: bare metal
hypervisor 1: virtual machines, virtualisation, virtualization
`
