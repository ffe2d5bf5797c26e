namespace Orchestrator.Tests.Engines.Processes;

/// <summary>The engine of local processes keeps the contract of engines.</summary>
public sealed class ProcessRunnerEngineTests(ProcessEngineFixture fixture) : RunnerEngineContract(fixture), IClassFixture<ProcessEngineFixture>;
