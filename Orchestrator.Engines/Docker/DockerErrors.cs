using System.Net;
using System.Text.Json;
using Docker.DotNet;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>Interprets the engine's refusals. The engine answers <c>{"message":text}</c>; only the text tells some apart.</summary>
internal static class DockerErrors
{
    private static readonly string[] StoppingWords =
    [
        "failed to update store for object type", "database not open", "error while dialing",
        "transport is closing", "ttrpc: closed", "context canceled", ": unavailable",
    ];

    /// <summary>The engine's message.</summary>
    public static string Text(this DockerApiException error)
    {
        try
        {
            using var body = JsonDocument.Parse(error.ResponseBody ?? "");
            if (body.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("message", out var message)
                && message.GetString() is { } text)
            {
                return text;
            }
        }
        catch (JsonException)
        {
            // A proxy between us and the engine answered in its own format.
        }

        return error.ResponseBody is { Length: > 0 and < 500 } plain ? plain.Trim() : error.Message;
    }

    /// <summary>No such container, image, network or exec.</summary>
    public static bool IsNotFound(this DockerApiException error) => error.StatusCode == HttpStatusCode.NotFound;

    /// <summary><c>network orchestrator-x not found</c>, or <c>is ambiguous (2 matches found on name)</c>.</summary>
    public static bool IsNetworkTrouble(this DockerApiException error) =>
        error.Text() is var text
        && text.Contains("network", StringComparison.OrdinalIgnoreCase)
        && (text.Contains("not found", StringComparison.OrdinalIgnoreCase) || text.Contains("ambiguous", StringComparison.OrdinalIgnoreCase));

    /// <summary><c>Bind for 127.0.0.1:9093 failed: port is already allocated</c>, or <c>bind: address already in use</c>.</summary>
    public static bool IsPortTaken(this DockerApiException error) =>
        error.Text() is var text
        && (text.Contains("port is already allocated", StringComparison.OrdinalIgnoreCase)
            || text.Contains("address already in use", StringComparison.OrdinalIgnoreCase)
            || text.Contains("ports are not available", StringComparison.OrdinalIgnoreCase));

    /// <summary><c>Container x is not running</c>: 409 to an exec.</summary>
    public static bool IsNotRunning(this DockerApiException error) =>
        error.StatusCode == HttpStatusCode.Conflict || error.Text().Contains("not running", StringComparison.OrdinalIgnoreCase);

    /// <summary><c>Container x is paused, unpause the container before exec</c>.</summary>
    public static bool IsPaused(this DockerApiException error) => error.Text().Contains("is paused", StringComparison.OrdinalIgnoreCase);

    /// <summary><c>Container x is not paused</c>, or <c>is not running</c>.</summary>
    public static bool IsNotPaused(this DockerApiException error) =>
        error.Text() is var text
        && (text.Contains("not paused", StringComparison.OrdinalIgnoreCase) || text.Contains("not running", StringComparison.OrdinalIgnoreCase));

    /// <summary><c>removal of container x is already in progress</c>.</summary>
    public static bool IsBeingRemoved(this DockerApiException error) =>
        error.StatusCode == HttpStatusCode.Conflict && error.Text().Contains("already in progress", StringComparison.OrdinalIgnoreCase);

    /// <summary><c>Renaming a container with the same name as its current name</c>.</summary>
    public static bool IsSameName(this DockerApiException error) => error.Text().Contains("same name as its current", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// A stopping engine still answers for a moment, when its parts are gone already:
    /// <c>failed to update store for object type *libnetwork.endpoint: open : no such file or directory</c>,
    /// <c>database not open</c>, <c>error while dialing: dial unix /run/containerd/containerd.sock</c>,
    /// <c>transport is closing: unavailable</c>, <c>ttrpc: closed: unknown</c>, <c>context canceled: unknown</c>.
    /// </summary>
    public static bool IsStopping(this DockerApiException error) =>
        (int)error.StatusCode >= 500 && Array.Exists(StoppingWords, word => error.Text().Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>The engine's refusal as ours.</summary>
    public static EngineException ToEngineException(this DockerApiException error, string what) => error.IsStopping()
        ? new EngineUnavailableException($"The engine is being stopped ({what}): {error.Text()}", error)
        : new EngineException($"The engine refused to {what}: {error.Text()}", error);
}
