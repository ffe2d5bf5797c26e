using Orchestrator.ServiceDefaults.Metrics;

namespace Orchestrator.Tests.ServiceDefaults;

public sealed class MetricNamesTests
{
    [Theory]
    // With its unit in the name or in the unit: the same name either way.
    [InlineData("orchestrator_provision_duration_seconds", "s", "orchestrator_provision_duration_seconds")]
    [InlineData("orchestrator_provision_duration_seconds", null, "orchestrator_provision_duration_seconds")]
    [InlineData("orchestrator.provision.duration", "s", "orchestrator_provision_duration_seconds")]
    [InlineData("http.server.request.duration", "s", "http_server_request_duration_seconds")]
    [InlineData("kestrel.active_connections", "{connection}", "kestrel_active_connections")]
    [InlineData("dotnet.process.memory.working_set", "By", "dotnet_process_memory_working_set_bytes")]
    [InlineData("disk.io", "By/s", "disk_io_bytes_per_second")]
    [InlineData("cpu.utilization", "1", "cpu_utilization_ratio")]
    [InlineData("miner_hash_rate", null, "miner_hash_rate")]
    [InlineData("9lives", null, "_9lives")]
    [InlineData("früh stück", null, "fr_h_st_ck")]
    public void Family_OfAGauge_IsPrometheusName(string name, string? unit, string expected) =>
        Assert.Equal(expected, MetricNames.Family(name, unit, MetricKind.Gauge));

    [Theory]
    [InlineData("orchestrator_leases_expired_total", null, "orchestrator_leases_expired")]
    [InlineData("orchestrator_leases_expired", "{lease}", "orchestrator_leases_expired")]
    [InlineData("dotnet.gc.pause.time", "s", "dotnet_gc_pause_time_seconds")]
    [InlineData("things", "1", "things")]
    public void Family_OfACounter_HasUnitButNotTotal(string name, string? unit, string expected) =>
        Assert.Equal(expected, MetricNames.Family(name, unit, MetricKind.Counter));

    [Theory]
    [InlineData("http.request.method", "http_request_method")]
    [InlineData("0zone", "key_0zone")]
    [InlineData("a:b", "a_b")]
    [InlineData("", "_")]
    public void Label_OfAnyKey_IsValid(string key, string expected) => Assert.Equal(expected, MetricNames.Label(key));
}
