using System.Text.Json.Serialization;

namespace Orchestrator.Guest.Connect;

/// <summary>An error as Connect sends it: the body of a unary call's answer.</summary>
internal sealed record ConnectProblem(string Code, string Message);

/// <summary>The last message of a stream.</summary>
internal sealed record ConnectTrailer(ConnectProblem? Error = null);

/// <summary>An empty message.</summary>
internal sealed record ConnectEmpty
{
    public static ConnectEmpty Value { get; } = new();
}

/// <summary>The JSON of the protocol itself.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConnectProblem))]
[JsonSerializable(typeof(ConnectTrailer))]
[JsonSerializable(typeof(ConnectEmpty))]
internal sealed partial class ConnectJson : JsonSerializerContext;
