namespace Orchestrator.Core.Engines;

/// <summary>The address of a runner's port. Only its engine builds one; no other code joins a host and a port.</summary>
/// <param name="Host">The host that callers reach it at, without a scheme.</param>
/// <param name="Port">The port there, 1 to 65535.</param>
/// <param name="Url">Both as reported to callers, without a path: <c>http://localhost:32768</c>.</param>
/// <param name="Internal">Where this process reaches the same port, without a path.</param>
public sealed record RunnerAddress(string Host, int Port, string Url, Uri Internal);
