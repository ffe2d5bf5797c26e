using System.Text.Json;
using Orchestrator.Core.Tasks;

namespace Orchestrator.Tests.Tasks;

/// <summary>A task type that does what a test says.</summary>
internal sealed class FakeHandler(string type, Func<JsonElement, TaskContext, Task<string>> execute) : ITaskHandler
{
    public string Type => type;

    public string InputSchema => "{}";

    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(1);

    public string? Refuse(JsonElement input) => null;

    public async ValueTask<string> ExecuteAsync(JsonElement input, TaskContext context) => await execute(input, context);
}
