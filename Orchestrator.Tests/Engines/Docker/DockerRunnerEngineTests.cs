namespace Orchestrator.Tests.Engines.Docker;

/// <summary>The Docker engine keeps the contract of engines.</summary>
public sealed class DockerRunnerEngineTests(DockerEngineFixture fixture) : RunnerEngineContract(fixture), IClassFixture<DockerEngineFixture>;
