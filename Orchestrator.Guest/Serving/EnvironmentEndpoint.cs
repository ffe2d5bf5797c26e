using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Serving;

/// <summary><c>GET /envs</c>: the environment that every command has.</summary>
internal sealed class EnvironmentEndpoint : IEndpoint
{
    public IEnumerable<ServerRoute> Routes => [new(HttpMethods.Get, "/envs", AnswerAsync, Dialect.Rest)];

    private static async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await JsonSerializer.SerializeAsync(
            context.Response.Body, CommandEnvironment.Common(), EnvironmentJson.Default.DictionaryStringString, context.RequestAborted);
    }
}

[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class EnvironmentJson : JsonSerializerContext;
