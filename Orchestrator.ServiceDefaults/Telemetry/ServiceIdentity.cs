using Microsoft.Extensions.Hosting;

namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>The identity of this process in telemetry.</summary>
/// <param name="Name">The service's name: <c>OTEL_SERVICE_NAME</c>, else the application's.</param>
/// <param name="InstanceId">
/// The id of this process: <c>service.instance.id</c> of <c>OTEL_RESOURCE_ATTRIBUTES</c>, else made from machine and process.
/// </param>
/// <param name="Version">The product's version.</param>
public sealed record ServiceIdentity(string Name, string InstanceId, string Version)
{
    internal static ServiceIdentity From(IHostApplicationBuilder builder)
    {
        var name = builder.Configuration["OTEL_SERVICE_NAME"];
        var attributes = (builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"] ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(pair => pair.Split('=', 2))
            .Where(pair => pair is ["service.instance.id", { Length: > 0 }]);
        var version = typeof(ServiceIdentity).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
        return new ServiceIdentity(
            string.IsNullOrWhiteSpace(name) ? builder.Environment.ApplicationName : name,
            attributes.FirstOrDefault()?[1] ?? $"{Environment.MachineName}-{Environment.ProcessId}",
            version);
    }
}
