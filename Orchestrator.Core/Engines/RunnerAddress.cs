namespace Orchestrator.Core.Engines;

/// <summary>Where a runner's port is reached. Its engine alone makes one: nobody else joins a host and a port.</summary>
/// <param name="Host">The host that callers reach it at, without a scheme.</param>
/// <param name="Port">The port there, 1 to 65535.</param>
/// <param name="Url">Both as callers are told, without a path: <c>http://localhost:32768</c>.</param>
/// <param name="Internal">Where this process reaches the same port, without a path.</param>
public sealed record RunnerAddress(string Host, int Port, string Url, Uri Internal);
