using System.Net;
using Docker.DotNet;
using Orchestrator.Core.Engines;
using Orchestrator.Engines.Docker;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>What the engine's refusals mean, in its own words.</summary>
public sealed class DockerErrorsTests
{
    [Theory]
    [InlineData(500, "failed to update store for object type *libnetwork.endpoint: open : no such file or directory", true)]
    [InlineData(500, "database not open", true)]
    [InlineData(500, "transport is closing: unavailable", true)]
    [InlineData(500, "ttrpc: closed: unknown", true)]
    [InlineData(500, "OCI runtime create failed: context canceled: unknown", true)]
    [InlineData(500, "connection error: desc = \"transport: Error while dialing dial unix /run/containerd/containerd.sock\"", true)]
    [InlineData(500, "OCI runtime create failed: no such file or directory", false)]
    [InlineData(400, "database not open", false)]
    public void ToEngineException_EngineIsBeingStopped_IsUnavailable(int status, string text, bool unavailable)
    {
        var error = new DockerApiException((HttpStatusCode)status, $$"""{"message":{{System.Text.Json.JsonSerializer.Serialize(text)}}}""");

        Assert.Equal(unavailable, error.ToEngineException("start a runner") is EngineUnavailableException);
    }
}
