using System.Globalization;
using System.Text.Json.Nodes;

namespace Orchestrator.Tests.Mining;

/// <summary>Submissions as JSON, and what a scrape says.</summary>
internal static class MiningCalls
{
    public const string ValidHash = "0000000000000000000000000000000000000000000000000000000000000000";
    public const string InvalidHash = "00000000ffff0000000000000000000000000000000000000000000000000001";

    /// <summary>The document's example.</summary>
    public static JsonObject Example(string submissionId = "sub_1", bool valid = true, string workerId = "worker_1") => new()
    {
        ["hash"] = valid ? ValidHash : InvalidHash,
        ["difficulty"] = 1.0,
        ["block_height"] = 1,
        ["worker_id"] = workerId,
        ["submission_id"] = submissionId,
    };

    /// <summary>The value of a metric without labels; null when it is not there.</summary>
    public static async Task<double?> GaugeAsync(this HttpClient client, string name)
    {
        var text = await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        var line = text.Split('\n').SingleOrDefault(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return line is null ? null : double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
