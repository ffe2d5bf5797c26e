using System.Text.Json;
using Orchestrator.Core;
using Orchestrator.Engines.Processes;

namespace Orchestrator.Tests.Engines.Processes;

/// <summary>What is written down of a runner is read again, that of version 0.1 too.</summary>
public sealed class ProcessRecordTests
{
    [Fact]
    public void Read_RecordOfVersion01_IsOfTheDefaultTenant()
    {
        const string text = """
            {"RunnerId":"r","Template":"session","Image":"i","ImageId":"b","Port":1,"CreatedAt":"2026-01-01T00:00:00+00:00",
             "BootId":"boot","Owner":{"Kind":"Session","Id":"user:42"}}
            """;

        Assert.Equal(Owner.Session("user:42"), JsonSerializer.Deserialize(text, ProcessJson.Default.ProcessRecord)!.Owner);
    }

    [Fact]
    public void Write_OwnerOfATenant_IsReadAgain()
    {
        var record = new ProcessRecord
        {
            RunnerId = "r",
            Template = "session",
            Image = "i",
            ImageId = "b",
            Port = 1,
            CreatedAt = DateTimeOffset.UnixEpoch,
            BootId = "boot",
            Owner = Owner.Session("a", new Tenant("acme")),
        };

        var text = JsonSerializer.Serialize(record, ProcessJson.Default.ProcessRecord);

        Assert.Equal(record, JsonSerializer.Deserialize(text, ProcessJson.Default.ProcessRecord));
    }
}
